import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createMemoryKeyValue, decodeLog, RhoSpace, verifyStore, type KeyValueStore } from '@commute/rho-store';
import { openLmdb } from '@commute/rho-store/lmdb';
import { integerTerm, stringTerm } from '@commute/rholang';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import {
  decodeNamespaceMessage,
  encodeNamespaceMessage,
  exchange,
  Namespace,
  type Delivery,
  type NamespaceHandle,
  type Parcel,
} from '../src/index.ts';
import { NamespaceThread } from '../src/node.ts';
import { contentOf, hex } from './cluster.ts';

const folders: string[] = [];
const folder = (): string => {
  const one = mkdtempSync(path.join(tmpdir(), 'rho-node-'));
  folders.push(one);
  return one;
};

afterAll(() => {
  for (const one of folders) rmSync(one, { recursive: true, force: true });
});

const open = (name: string, store: KeyValueStore = createMemoryKeyValue(), maximumComms = 1000): Namespace =>
  new Namespace({ name, store, maximumComms });
const content = ({ space }: Namespace): string[] => contentOf({ node: { space } });
const send = (to: string, channel: string, ...values: string[]): string =>
  `new send(\`rho:namespace:send\`) in { send!(${[`"${to}"`, channel, ...values].join()}) }`;

/** Loses, repeats and cuts parcels, and loses acknowledgements, as numbers say. */
function faulty(one: Namespace, next: () => number): NamespaceHandle {
  return {
    name: one.name,
    run: (program) => one.run(program),
    waiting: () => one.waiting(),
    parcel: (to, maximum): Parcel => {
      const { first, messages } = one.parcel(to, maximum);
      return { first, messages: messages.slice(0, 1 + (next() % messages.length)) };
    },
    deliver: (from, parcel): Delivery => {
      if (next() % 3 === 0) one.deliver(from, parcel);
      if (next() % 5 === 0) throw new Error('lost');
      return one.deliver(from, parcel);
    },
    acknowledge: (to, through) => {
      if (next() % 4 === 0) throw new Error('lost');
      one.acknowledge(to, through);
    },
  };
}

describe('namespaces', () => {
  test('are apart, and reach each other by messages, with answers on names that travel', async () => {
    const [ann, bob] = [open('ann'), open('bob')];
    ann.run('@"x"!(1)');
    bob.run('for (_ <- @"x") { @"taken"!(1) }');
    expect(content(bob)).toEqual([]);
    bob.run(
      'new send(`rho:namespace:send`) in { contract @"double"(@n, @from, back) = { send!(from, *back, n + n) } }',
    );
    ann.run(
      'new send(`rho:namespace:send`), me(`rho:namespace:name`), r, back in { me!(*r) | for (@name <- r) { send!("bob", "double", 21, name, *back) } | for (@n <- back) { @"answer"!(n) } }',
    );
    expect(ann.waiting()).toEqual([{ to: 'bob', count: 1 }]);
    expect(await exchange([ann, bob])).toEqual({ delivered: 2, waiting: 0 });
    expect(content(ann)).toEqual(['"answer"!(42)', '"x"!(1)']);
    for (const one of [ann, bob]) expect(verifyStore(one.space.history).problems).toEqual([]);
    // To itself and to nobody.
    ann.run(`${send('ann', '"self"', '5')} | ${send('cat', '"y"', '6')}`);
    expect(await exchange([ann, bob])).toEqual({ delivered: 1, waiting: 1 });
    expect(content(ann)).toContain('"self"!(5)');
    const cat = open('cat');
    expect(await exchange([ann, bob, cat])).toEqual({ delivered: 1, waiting: 0 });
    expect(content(cat)).toEqual(['"y"!(6)']);
  });

  test('make different names from the same program', () => {
    const names = ['ann', 'bob'].map((name) => {
      const one = open(name);
      one.run('new n in { @"n"!(*n) }');
      one.run('new n in { @"n"!(*n) }');
      return content(one);
    });
    expect(new Set(names.flat()).size).toBe(4);
  });

  test('send what a program did, and nothing of what was undone', async () => {
    const [ann, bob] = [open('ann'), open('bob')];
    for (const program of [
      `${send('bob', '"a"', '1')} | @"x"!(0) | contract @"x"(_) = { @"x"!(0) }`,
      `${send('bob', '"a"', '1')} | @"x"!(1 / 0)`,
      send('', '"a"', '1'),
      `new send(\`rho:namespace:send\`) in { send!(5, "a", 1) }`,
    ])
      expect(ann.run(program).result.ok).toBe(false);
    expect(ann.waiting()).toEqual([]);
    ann.run(
      `new send(\`rho:namespace:send\`) in { send!!("bob", "a", 1) | for (@x <- @"go") { send!("bob", "a", x) } }`,
    );
    ann.run('@"go"!(2)');
    await exchange([ann, bob]);
    expect(content(bob)).toEqual(['"a"!(1)', '"a"!(2)']);
  });

  test('keep a message whose reductions fail, and go on', async () => {
    const [ann, bob] = [open('ann'), open('bob')];
    bob.run('contract @"a"(@n) = { if (n == 1) { @"a"!(n) } else { @"ok"!(n) } }');
    for (const n of ['0', '1', '2']) ann.run(send('bob', '"a"', n));
    expect(await exchange([ann, bob])).toEqual({ delivered: 3, waiting: 0 });
    expect(content(bob)).toEqual(['"ok"!(0)', '"ok"!(2)']);
    const [failed] = bob.failed();
    expect(failed).toMatchObject({ from: 'ann', sequence: 2, reason: 'comm-limit' });
    expect(decodeNamespaceMessage(failed!.message)).toMatchObject({ values: [{ value: 1n }] });
  });

  test('deliver each message once and in order, whatever is lost, repeated, cut or opened again', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat({ max: 1 }), fc.nat({ max: 4 })), { minLength: 1, maxLength: 12 }),
        fc.array(fc.nat({ max: 1000 }), { minLength: 50, maxLength: 50 }),
        async (steps, numbers) => {
          let turn = 0;
          const next = (): number => numbers[(turn += 1) % numbers.length]! + turn;
          const stores = [createMemoryKeyValue(), createMemoryKeyValue()];
          const names = ['ann', 'bob'];
          let both = stores.map((store, index) => open(names[index]!, store));
          // A list grows in the order in which messages arrive.
          for (const one of both)
            one.run('contract @"in"(@n) = { for (@list <- @"got") { @"got"!(list ++ [n]) } } | @"got"!([])');
          const sent: number[][] = [[], []];
          for (const [index, [from, count]] of steps.entries()) {
            for (let each = 0; each < count; each += 1) {
              const value = index * 10 + each;
              both[from]!.run(send(names[1 - from]!, '"in"', String(value)));
              sent[from]!.push(value);
            }
            const handles = both.map((one) => faulty(one, next));
            await exchange(handles, { parcel: 3 }).catch((error: unknown) => {
              expect((error as Error).message).toBe('lost');
            });
            if (next() % 2 === 0) both = stores.map((store, at) => open(names[at]!, store));
          }
          await exchange(both);
          for (const index of [0, 1]) {
            expect(content(both[index]!)).toEqual([`"got"!([${sent[1 - index]!.join(', ')}])`]);
            expect(verifyStore(both[index]!.space.history).problems).toEqual([]);
          }
        },
      ),
      { numRuns: Number(process.env['FC_NUM_RUNS'] ?? 30) },
    );
  });

  test('refuse what cannot be: names, stores, gaps, bytes', async () => {
    const [ann, bob] = [open('ann'), open('bob')];
    for (const name of ['', 'x'.repeat(129), '\ud800']) expect(() => open(name)).toThrow('RHO_NODE_ARGUMENT_MISMATCH');
    await expect(exchange([ann, open('ann')])).rejects.toThrow('RHO_NODE_ARGUMENT_MISMATCH');
    const store = createMemoryKeyValue();
    open('cat', store);
    expect(() => open('dog', store)).toThrow('RHO_NODE_STORE_MISMATCH');
    const other = createMemoryKeyValue();
    new RhoSpace(other).commit();
    expect(() => open('dog', other)).toThrow('RHO_NODE_STORE_MISMATCH');
    const bytes = encodeNamespaceMessage({ channel: stringTerm('a'), values: [integerTerm(1n)] });
    expect(hex(bytes)).toMatchInlineSnapshot(`"01030401610901020000000000000001"`);
    expect(bob.deliver('ann', { first: 2, messages: [bytes] })).toEqual({ ok: false, reason: 'gap', through: 0 });
    const { root } = bob.run('Nil');
    for (const wrong of [bytes.subarray(1), new Uint8Array(0), new Uint8Array(100).fill(7)])
      expect(bob.deliver('ann', { first: 1, messages: [bytes, wrong] })).toEqual({
        ok: false,
        reason: 'malformed',
        index: 1,
      });
    expect(hex(bob.root())).toBe(hex(root));
    expect(bob.deliver('ann', { first: 1, messages: [bytes] })).toEqual({ ok: true, through: 1 });
    expect(bob.deliver('ann', { first: 1, messages: [bytes, bytes] })).toEqual({ ok: true, through: 2 });
    expect(content(bob)).toEqual(['"a"!(1)', '"a"!(1)']);
    expect(() => {
      ann.acknowledge('bob', 1);
    }).toThrow('RHO_NODE_ARGUMENT_RANGE');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (random) => {
        const read = decodeNamespaceMessage(random);
        if (read !== undefined) expect(encodeNamespaceMessage(read)).toEqual(random);
      }),
    );
  });

  test('that answer each other for ever stop at the bound, or at a signal', async () => {
    const [ann, bob] = [open('ann'), open('bob')];
    for (const [one, to] of [
      [ann, 'bob'],
      [bob, 'ann'],
    ] as const)
      one.run(`contract @"ball"(@n) = { new send(\`rho:namespace:send\`) in { send!("${to}", "ball", n + 1) } }`);
    ann.run('@"ball"!(0)');
    expect(await exchange([ann, bob], { maximumMessages: 7 })).toEqual({ delivered: 7, waiting: 1 });
    const stop = new AbortController();
    const running = exchange([ann, bob], {
      signal: stop.signal,
      onProgress: (delivered) => {
        if (delivered === 3) stop.abort();
      },
    });
    await expect(running).rejects.toThrow('abort');
  });

  test('have in their outbox what their logs say', () => {
    const ann = open('ann');
    for (let index = 0; index < 5; index += 1)
      ann.run(`${send('bob', '"a"', String(index))} | @"k"!(${String(index)})`);
    const { messages } = ann.parcel('bob', 100);
    const logged: string[] = [];
    for (let commit = 1; commit <= ann.space.history.trie.meta.commits; commit += 1) {
      const decoded = decodeLog(ann.space.history.log(commit)!);
      if (!decoded.ok) throw new Error(decoded.reason);
      for (const { event } of decoded.entries) {
        if (event.kind !== 'comm') continue;
        const { message } = event.uses[0]!;
        if (event.receive.form === 'installed' && message.form === 'arriving') logged.push(hex(message.bytes));
      }
    }
    expect(messages).toHaveLength(5);
    expect(logged).toHaveLength(5);
    for (const [index, message] of messages.entries())
      expect(decodeNamespaceMessage(message)!.values).toMatchObject([{ value: BigInt(index) }]);
  });
});

describe('namespaces in threads', () => {
  test('reach each other, and threads that are killed lose nothing and repeat nothing', async () => {
    const [first, second] = [folder(), folder()];
    const start = (): NamespaceThread[] => [
      new NamespaceThread({ name: 'ann', path: first }),
      new NamespaceThread({ name: 'bob', path: second }),
    ];
    let [ann, bob] = start() as [NamespaceThread, NamespaceThread];
    await bob.run('contract @"in"(@n) = { @"got"!(n) }');
    const sent: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      for (let each = 0; each < 4; each += 1) {
        await ann.run(send('bob', '"in"', String(sent.length)));
        sent.push(sent.length);
      }
      const running = exchange([ann, bob], { parcel: 2 }).catch((error: unknown) => error);
      await new Promise((resolve) => setTimeout(resolve, round * 2));
      await Promise.all(round % 2 === 0 ? [ann.kill(), bob.kill()] : [bob.kill(), ann.close()]);
      const outcome = await running;
      if (outcome instanceof Error) expect(outcome.message).toContain('RHO_NODE_THREAD_LOST');
      await expect(ann.run('Nil')).rejects.toThrow('RHO_NODE_THREAD_LOST');
      [ann, bob] = start() as [NamespaceThread, NamespaceThread];
    }
    await exchange([ann, bob]);
    await Promise.all([ann.close(), bob.close()]);
    const store = openLmdb({ path: second });
    const there = open('bob', store);
    expect(content(there)).toEqual(sent.map((value) => `"got"!(${String(value)})`).sort());
    expect(verifyStore(there.space.history).problems).toEqual([]);
    await store.close();
    const wrong = new NamespaceThread({ name: 'cat', path: second });
    await expect(wrong.waiting()).rejects.toThrow('RHO_NODE_STORE_MISMATCH');
    const bad = new NamespaceThread({ name: 'dog' });
    await expect(bad.parcel('x', 0)).rejects.toThrow('RHO_NODE_ARGUMENT_RANGE');
    await bad.close();
  });
});

const kills = Number(process.env['RHO_NODE_KILLS'] ?? 8);

test(`${String(kills)} kills amid an exchange lose no message and repeat none`, { timeout: 1_800_000 }, async () => {
  const place = folder();
  const script = path.join(import.meta.dirname, 'run-namespaces.ts');
  const acknowledged: number[] = [];
  for (let round = 0; round < kills; round += 1) {
    const child = spawn(process.execPath, ['--conditions=@commute/source', script, place], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (data: Buffer) => {
      said += data.toString();
      if (said.split('\n').length > 2 + (round % 4)) setTimeout(() => child.kill('SIGKILL'), (round * 5) % 17);
    });
    await new Promise((resolve) => child.on('close', resolve));
    acknowledged.push(...said.split('\n').slice(1, -1).map(Number));
  }
  const stores = ['ann', 'bob'].map((name) => openLmdb({ path: path.join(place, name) }));
  const [ann, bob] = [open('ann', stores[0], 10_000), open('bob', stores[1], 10_000)];
  await exchange([ann, bob]);
  const numbers = (one: Namespace, channel: string): number[] =>
    content(one)
      .flatMap((line) => (line.startsWith(`"${channel}"`) ? [Number(/\((\d+)\)/.exec(line)![1])] : []))
      .sort((left, right) => left - right);
  const sent = numbers(ann, 'sent');
  expect(sent.length).toBeGreaterThan(kills);
  expect(acknowledged.every((one) => sent.includes(one))).toBe(true);
  expect(numbers(bob, 'got')).toEqual(sent);
  expect(numbers(ann, 'answered')).toEqual(sent);
  for (const one of [ann, bob]) {
    expect(one.failed()).toEqual([]);
    expect(verifyStore(one.space.history).problems).toEqual([]);
  }
  for (const one of stores) await one.close();
});
