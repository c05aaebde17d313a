import { blake2b } from '@noble/hashes/blake2.js';
import { normalize } from '../normalize/normalize.ts';
import { parse } from '../syntax/parse.ts';
import { nilTerm, parTerm, sendTerm, tupleTerm, unforgeableTerm, uriTerm } from '../term/build.ts';
import { bytesFromBinary, encodeTerm } from '../term/encode.ts';
import type { Term } from '../term/term.ts';
import { substitute } from '../term/transform.ts';
import { publicKeyOf } from './deployer.ts';
import { answer, bytesArgument, rejectArguments, type SystemProcess } from './system-process.ts';

type Verify = (digest: Uint8Array, signature: Uint8Array, publicKey: Uint8Array) => boolean;

/** The alphabet of z-base-32. */
const ALPHABET = 'ybndrfg8ejkmcpqxot1uwisza345h769';
const URI_CHARACTERS = 54;

/** The check sum of registry URIs: 14 bits, polynomial 0x4805, on signed 16-bit words and signed bytes. */
function checkSum(bytes: Uint8Array): number {
  let remainder = 0;
  for (const byte of bytes) {
    remainder = ((remainder ^ (((byte << 24) >> 24) << 6)) << 16) >> 16;
    for (let bit = 0; bit < 8; bit += 1) {
      remainder = (remainder << 17) >> 16;
      if ((remainder & 0x4000) !== 0) remainder = ((remainder ^ 0x4805) << 16) >> 16;
    }
  }
  return remainder & 0xffff;
}

/**
 * The URI under which the registry keeps what belongs to some bytes, such as a public key: `rho:id:` and 54 characters of z-base-32 for
 * their BLAKE2b-256 hash and its check sum, as RChain has it.
 *
 * @example
 * ```ts
 * import { registryUri } from '@commute/rholang';
 * if (!/^rho:id:[a-z0-9]{54}$/.test(registryUri(new Uint8Array(65)))) throw new Error('unexpected URI');
 * ```
 */
export function registryUri(bytes: Uint8Array): string {
  const hash = blake2b(bytes, { dkLen: 32 });
  const sum = checkSum(hash);
  const all = [...hash, sum & 0xff, ((sum & 0xff00) >>> 6) & 0xff];
  let text = '';
  for (let index = 0; index < URI_CHARACTERS; index += 1) {
    const bit = index * 5;
    const pair = ((all[bit >> 3] ?? 0) << 8) | (all[(bit >> 3) + 1] ?? 0);
    text += ALPHABET[(pair >> (11 - (bit & 7))) & 31]!;
  }
  return `rho:id:${text}`;
}

/**
 * The channel on which the value of a URI waits. Unforgeable, because a part of it is. Each URI has one of its own, so what is entered under different
 * ones does not conflict.
 */
function slot(uri: Term): Term {
  return tupleTerm([unforgeableTerm('registry'), uri]);
}

const LOOKUP = `for (@value <<- @slot) { @reply!(value) }`;
/**
 * Each entry comes with a receive that takes two and puts the greater one back. So where `n` were entered, `n - 1` receives have fired: one entry is left, and
 * one receive that waits for the next. Nobody has to know whether an entry is the first, and two first ones of different histories conflict, as each could meet the receive of the other.
 * The answer is about what is left. `same` is the slot too: a join may not name a channel twice.
 */
const INSERT_SIGNED = `
  @slot!((nonce, value)) |
  for (@(n, v) <- @slot & @(m, w) <- @same) { if (n < m) { @slot!((m, w)) } else { @slot!((n, v)) } } |
  for (@(n, v) <<- @slot where n >= nonce) { if (n == nonce and v == value) { @reply!(uri) } else { @reply!(Nil) } }`;

/** The body of a process over variables, from its source. */
function template(variables: readonly string[], body: string): (...values: readonly Term[]) => Term {
  let parsed: Term | undefined;
  return (...values) => {
    if (parsed === undefined) {
      const tree = parse(`match Nil { [${variables.join(', ')}] => { ${body} } }`);
      const result = tree.ok ? normalize(tree.process) : undefined;
      if (result?.ok !== true || result.term.kind !== 'match')
        throw new Error('unreachable: the template is a program');
      parsed = result.term.cases[0]!.body;
    }
    return substitute(parsed, values);
  };
}

/** The registry: values under URIs, entered once by anybody or again and again by the owner of a key. */
export function registryProcesses(verify: Verify): readonly SystemProcess[] {
  const lookup = template(['slot', 'reply'], LOOKUP);
  const insertSigned = template(['slot', 'same', 'uri', 'nonce', 'value', 'reply'], INSERT_SIGNED);
  const signedUri = 'rho:registry:insertSigned:secp256k1';
  return [
    {
      uri: 'rho:registry:lookup',
      arity: 2,
      run: ([uri, reply]) => {
        if (uri?.kind !== 'uri') return rejectArguments('rho:registry:lookup', 'Uri', uri);
        return lookup(slot(uri), reply!);
      },
    },
    {
      uri: 'rho:registry:insertArbitrary',
      arity: 2,
      run: ([value, reply], { freshName }) => {
        const name = freshName(0);
        const uri = uriTerm(registryUri(name.kind === 'unforgeable' ? bytesFromBinary(name.id) : encodeTerm(name)));
        return parTerm([sendTerm(slot(uri), [value!]), answer(reply, uri)]);
      },
    },
    {
      uri: signedUri,
      arity: [3, 4],
      run: (parameters) => {
        const byDeployer = parameters.length === 3;
        const [entry, owner, reply] = byDeployer ? parameters : [parameters[1], parameters[0], parameters[3]];
        if (entry?.kind !== 'tuple' || entry.elements.length !== 2)
          return rejectArguments(signedUri, '(nonce, value)', entry);
        const [nonce, value] = entry.elements;
        if (nonce?.kind !== 'integer') return rejectArguments(signedUri, 'a nonce of Int', nonce);
        const publicKey = byDeployer ? publicKeyOf(owner) : bytesArgument(signedUri, owner);
        if (publicKey === undefined) return answer(reply, nilTerm());
        if (!byDeployer) {
          const signature = bytesArgument(signedUri, parameters[2]);
          if (!verify(blake2b(encodeTerm(entry), { dkLen: 32 }), signature, publicKey)) return answer(reply, nilTerm());
        }
        const uri = uriTerm(registryUri(publicKey));
        return insertSigned(slot(uri), slot(uri), uri, nonce, value!, reply!);
      },
    },
    {
      uri: 'rho:registry:ops',
      arity: 3,
      run: ([command, bytes, reply]) => {
        if (command?.kind !== 'string' || command.value !== 'buildUri') {
          return rejectArguments('rho:registry:ops', '"buildUri"', command);
        }
        return answer(reply, bytes?.kind === 'bytes' ? uriTerm(registryUri(bytes.value)) : nilTerm());
      },
    },
  ];
}
