import { ed25519 } from '@noble/curves/ed25519.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { blake2b } from '@noble/hashes/blake2.js';
import { describe, expect, test } from 'vitest';
import {
  answer,
  createRuntime,
  MemorySpace,
  encodeTerm,
  integerTerm,
  registryUri,
  stringTerm,
  tupleTerm,
  type RunOptions,
  type Runtime,
  type SystemProcess,
} from '../src/index.ts';

let runs = 0;

function lines(
  source: string,
  runtime: Runtime = createRuntime(),
  options: Partial<RunOptions> = {},
): readonly string[] {
  runs += 1;
  const seed = new TextEncoder().encode(String(runs));
  const result = runtime.run(`new out(\`rho:io:stdout\`) in { ${source} }`, { seed, ...options });
  if (!result.ok) throw new Error(`${result.reason}: ${result.message}`);
  return result.output.map((line) => (line.stream === 'stdout' ? line.text : `stderr ${line.text}`));
}

const hex = (bytes: Uint8Array): string => `"${Buffer.from(bytes).toString('hex')}".hexToBytes()`;

describe('input and output', () => {
  test('stdoutAck and stderrAck answer when they have written', () => {
    const source =
      'new o(`rho:io:stdoutAck`), e(`rho:io:stderrAck`), r in { o!(1, *r) | for (_ <- r) { e!(2, *r) | for (_ <- r) { out!(3) } } }';
    expect(lines(source)).toEqual(['1', 'stderr 2', '3']);
  });

  test('stderr and devNull', () => {
    expect(lines('new e(`rho:io:stderr`), d(`rho:io:devNull`) in { e!("x") | d!("y") }')).toEqual(['stderr "x"']);
  });

  test('what is bound to a URI cannot be read', () => {
    const result = createRuntime().run('new o(`rho:io:stdout`) in { for (x <- o) { Nil } }', {
      seed: new Uint8Array(1),
    });
    expect(result.ok ? '' : result.reason).toBe('bundle');
  });
});

describe('crypto', () => {
  test.for([
    ['sha256Hash', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    ['keccak256Hash', '4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45'],
    ['blake2b256Hash', 'bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319'],
  ] as const)('%s of abc', ([name, want]) => {
    const source = `new h(\`rho:crypto:${name}\`), r in { h!("abc".toUtf8Bytes(), *r) | for (@x <- r) { out!(x.bytesToHex()) } }`;
    expect(lines(source)).toEqual([`"${want}"`]);
  });

  test('ed25519Verify', () => {
    const key = new Uint8Array(32).fill(7);
    const data = new TextEncoder().encode('message');
    const signature = ed25519.sign(data, key);
    const check = (signed: Uint8Array): readonly string[] =>
      lines(
        `new v(\`rho:crypto:ed25519Verify\`), r in { v!(${hex(data)}, ${hex(signed)}, ${hex(ed25519.getPublicKey(key))}, *r) | for (@x <- r) { out!(x) } }`,
      );
    expect(check(signature)).toEqual(['true']);
    expect(check(signature.with(0, signature[0]! ^ 1))).toEqual(['false']);
    expect(check(new Uint8Array(3))).toEqual(['false']);
  });

  test('secp256k1Verify takes both forms of signature', () => {
    const key = new Uint8Array(32).fill(7);
    const digest = blake2b(new Uint8Array([1]), { dkLen: 32 });
    const check = (signed: Uint8Array, data: Uint8Array = digest): readonly string[] =>
      lines(
        `new v(\`rho:crypto:secp256k1Verify\`), r in { v!(${hex(data)}, ${hex(signed)}, ${hex(secp256k1.getPublicKey(key))}, *r) | for (@x <- r) { out!(x) } }`,
      );
    expect(check(secp256k1.sign(digest, key, { prehash: false }))).toEqual(['true']);
    expect(check(secp256k1.sign(digest, key, { prehash: false, format: 'der' }))).toEqual(['true']);
    expect(check(secp256k1.sign(digest, key, { prehash: false }), digest.with(0, digest[0]! ^ 1))).toEqual(['false']);
    expect(check(secp256k1.sign(digest, key, { prehash: false }), new Uint8Array(5))).toEqual(['false']);
  });
});

describe('block and deploy', () => {
  const block = { number: 12n, timestamp: 34n, sender: new Uint8Array([1, 2]) };
  const deploy = { timestamp: 5n, deployer: new Uint8Array([3, 4]), id: new Uint8Array([6]) };

  test('block data', () => {
    const source = 'new b(`rho:block:data`), r in { b!(*r) | for (@n, @t, @s <- r) { out!([n, t, s.bytesToHex()]) } }';
    expect(lines(source, createRuntime(), { block })).toEqual(['[12, 34, "0102"]']);
    expect(lines(source)).toEqual(['[0, 0, ""]']);
  });

  test('deploy data and deployer', () => {
    const source = `
      new d(\`rho:deploy:data\`), me(\`rho:rchain:deployerId\`), id(\`rho:rchain:deployId\`), ops(\`rho:rchain:deployerId:ops\`), r in {
        d!(*r) | for (@t, @who, @i <- r) {
          ops!("pubKeyBytes", who, *r) | for (@key <- r) {
            ops!("pubKeyBytes", 5, *r) | for (@none <- r) { out!([t, who == *me, i == *id, key.bytesToHex(), none]) }
          }
        }
      }`;
    expect(lines(source, createRuntime(), { deploy })).toEqual(['[5, true, true, "0304", Nil]']);
  });
});

describe('registry', () => {
  test.for([
    [
      '0401f5d998c9be9b1a753771920c6e968def63fe95b20c71a163a7f7311b6131ac65a49f796b5947fa9d94b0542895e7b7ebe8b91eefcbc5c7604aaf281922ccac',
      'rho:id:zphjgsfy13h1k85isc8rtwtgt3t9zzt5pjd5ihykfmyapfc4wt3x5h',
    ],
    [
      '040126690519dc9b0f52876cb13458e15697794dd87d7c6477707c7efa4cce8a36b634eab5056bd4e3ba385ab14a638e4ac7d3b3e4968da3d66933fc04bc7038b5',
      'rho:id:6fzorimqngeedepkrizgiqms6zjt76zjeciktt1eifequy4osz35ks',
    ],
    [
      '04f4b4417f930e6fab5765ac0defcf9fce169982acfd046e7c27f9b14c0804014623c0439e5c8035e9607599a549303b5b6b90cd9685e6965278bddca65dac7510',
      'rho:id:1qw5ehmq1x49dey4eadr1h4ncm361w3536asho7dr38iyookwcsp6i',
    ],
    [
      '04c71f6c7b87edf4bec14f16f715ee49c6fea918549abdf06c734d384b60ba922990317cc4bf68da8c85b455a65595cf7007f1e54bfd6be26ffee53d1ea6d7406b',
      'rho:id:qrh6mgfp5z6orgchgszyxnuonanz7hw3amgrprqtciia6astt66ypn',
    ],
    [
      '04e1559d809924e564dce57e34646e155b144d2a504ce7ee519d7a5108fd42f1038d08d745e5ea21cb53d6aa7c7174a768fa373207a83bc947a20c6a02ece7a60e',
      'rho:id:hxyadh1ffypra47ry9mk6b8r1i33ar1w9wjsez4khfe9huzrfcytx9',
    ],
  ] as const)('URIs of public keys are those of RChain', ([key, uri]) => {
    expect(registryUri(Uint8Array.from(Buffer.from(key, 'hex')))).toBe(uri);
  });

  test('what is inserted is found in a later run', () => {
    const runtime = createRuntime();
    const [uri] = lines(
      'new i(`rho:registry:insertArbitrary`), r in { i!({"a": 1}, *r) | for (@u <- r) { out!(u) } }',
      runtime,
    );
    expect(uri).toMatch(/^`rho:id:[a-z0-9]{54}`$/);
    const find = `new l(\`rho:registry:lookup\`), r in { l!(${uri!}, *r) | for (@x <- r) { out!(x) } }`;
    expect(lines(find, runtime)).toEqual(['{"a": 1}']);
    expect(lines(find, runtime)).toEqual(['{"a": 1}']);
    expect(lines(find)).toEqual([]);
  });

  test('a lookup waits until the URI is there', () => {
    const runtime = createRuntime();
    const publicKey = secp256k1.getPublicKey(new Uint8Array(32).fill(9));
    const uri = lines(
      `new o(\`rho:registry:ops\`), r in { o!("buildUri", ${hex(publicKey)}, *r) | for (@u <- r) { out!(u) } }`,
      runtime,
    )[0]!;
    expect(
      lines(`new l(\`rho:registry:lookup\`), r in { l!(${uri}, *r) | for (@x <- r) { out!(x) } }`, runtime),
    ).toEqual([]);
  });

  test('the deployer may enter without a signature', () => {
    const runtime = createRuntime();
    const deploy = { timestamp: 0n, deployer: new Uint8Array([4, 5]), id: new Uint8Array(0) };
    const insert = (owner: string): string =>
      `new i(\`rho:registry:insertSigned:secp256k1\`), me(\`rho:rchain:deployerId\`), r in { i!((1, "v"), ${owner}, *r) | for (@u <- r) { out!(u) } }`;
    expect(lines(insert('5'), runtime, { deploy })).toEqual(['Nil']);
    const uri = `\`${registryUri(deploy.deployer)}\``;
    expect(lines(insert('*me'), runtime, { deploy })).toEqual([uri]);
    // What is there already is there.
    expect(lines(insert('*me'), runtime, { deploy })).toEqual([uri]);
    expect(lines(insert('*me').replace('(1, "v")', '(0, "v")'), runtime, { deploy })).toEqual(['Nil']);
  });

  test('a signed entry needs the key and a greater nonce', () => {
    const space = new MemorySpace();
    const runtime = createRuntime({ space });
    const key = new Uint8Array(32).fill(9);
    const insert = (nonce: bigint, value: string, secret: Uint8Array = key): string => {
      const digest = blake2b(encodeTerm(tupleTerm([integerTerm(nonce), stringTerm(value)])), { dkLen: 32 });
      const signature = secp256k1.sign(digest, secret, { prehash: false, format: 'der' });
      const source = `new i(\`rho:registry:insertSigned:secp256k1\`), r in {
        i!(${hex(secp256k1.getPublicKey(key))}, (${String(nonce)}, "${value}"), ${hex(signature)}, *r) | for (@u <- r) { out!(u) } }`;
      return lines(source, runtime)[0]!;
    };
    const uri = insert(3n, 'first');
    const find = `new l(\`rho:registry:lookup\`), r in { l!(${uri}, *r) | for (@x <- r) { out!(x) } }`;
    expect(lines(find, runtime)).toEqual(['(3, "first")']);
    expect(insert(4n, 'second')).toBe(uri);
    expect(lines(find, runtime)).toEqual(['(4, "second")']);
    expect(insert(4n, 'again')).toBe('Nil');
    expect(insert(3n, 'first')).toBe('Nil');
    expect(insert(5n, 'stolen', new Uint8Array(32).fill(8))).toBe('Nil');
    expect(lines(find, runtime)).toEqual(['(4, "second")']);
    expect(insert(4n, 'second')).toBe(uri);
    // One entry, and one receive that waits for the next, however many there were.
    const slots = [...space.entries()].filter(({ channel }) => channel.kind === 'tuple');
    expect(slots.map(({ data, waiting }) => [data.length, waiting.length])).toEqual([[1, 1]]);
  });

  test.each([
    ['1', '2'],
    ['2', '1'],
  ])('of two entries with one nonce the first stays: %s before %s', (first, second) => {
    const deploy = { timestamp: 0n, deployer: new Uint8Array([4, 5]), id: new Uint8Array(0) };
    const runtime = createRuntime();
    const insert = (value: string): readonly string[] =>
      lines(
        `new i(\`rho:registry:insertSigned:secp256k1\`), me(\`rho:rchain:deployerId\`), r in { i!((7, ${value}), *me, *r) | for (@u <- r) { out!(u) } }`,
        runtime,
        { deploy },
      );
    const uri = `\`${registryUri(deploy.deployer)}\``;
    expect([insert(first), insert(second)]).toEqual([[uri], ['Nil']]);
    const find = `new l(\`rho:registry:lookup\`), r in { l!(${uri}, *r) | for (@x <- r) { out!(x) } }`;
    expect(lines(find, runtime)).toEqual([`(7, ${first})`]);
  });

  test('many entries of one run come down to the greatest', () => {
    const deploy = { timestamp: 0n, deployer: new Uint8Array([4, 5]), id: new Uint8Array(0) };
    const runtime = createRuntime();
    const nonces = [3, 9, 1, 7, 9, 2];
    const uri = `\`${registryUri(deploy.deployer)}\``;
    const inserts = nonces.map((nonce) => `i!((${String(nonce)}, "v${String(nonce)}"), *me, *r)`).join(' | ');
    const source = `new i(\`rho:registry:insertSigned:secp256k1\`), me(\`rho:rchain:deployerId\`), r in { ${inserts} | for (@u <= r) { out!(u) } }`;
    const answers = lines(source, runtime, { deploy });
    expect(answers).toHaveLength(nonces.length);
    expect(answers.every((one) => one === uri || one === 'Nil')).toBe(true);
    const find = `new l(\`rho:registry:lookup\`), r in { l!(${uri}, *r) | for (@x <- r) { out!(x) } }`;
    expect(lines(find, runtime)).toEqual(['(9, "v9")']);
  });
});

describe('processes of a user', () => {
  const double: SystemProcess = {
    uri: 'my:double',
    arity: 2,
    run: ([number, reply]) => answer(reply, integerTerm((number?.kind === 'integer' ? number.value : 0n) * 2n)),
  };

  test('are reached by their URI', () => {
    const runtime = createRuntime({ systemProcesses: [double] });
    expect(lines('new d(`my:double`), r in { d!(21, *r) | for (@x <- r) { out!(x) } }', runtime)).toEqual(['42']);
  });

  test('take the place of standard ones', () => {
    const quiet: SystemProcess = { uri: 'rho:io:stdout', arity: 1, run: (_, { freshName }) => answer(freshName(0)) };
    expect(lines('out!(1)', createRuntime({ systemProcesses: [quiet] }))).toEqual([]);
  });
});
