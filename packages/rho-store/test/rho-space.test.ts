import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createRuntime,
  MemorySpace,
  type Comm,
  type Consume,
  type Datum,
  type Term,
  type TupleSpace,
} from '@commute/rholang';
import { tupleSpaceConformance } from '@commute/rholang/conformance';
import { hexFromBytes } from '../src/bytes.ts';
import { createMemoryKeyValue, RhoSpace, verifyStore, type KeyValueStore, type SpaceCommit } from '../src/index.ts';
import { anyProgram } from './program-arbitrary.ts';

const runs = Number(process.env['FC_NUM_RUNS'] ?? 100);

/** Commits after every step, so that every step starts from the bytes of the store. */
class CommittingSpace implements TupleSpace {
  readonly #space = new RhoSpace(createMemoryKeyValue());
  #marked = false;

  #settled<T>(result: T): T {
    if (!this.#marked) this.#space.commit();
    return result;
  }

  produce(channel: Term, datum: Datum): readonly Comm[] {
    return this.#settled(this.#space.produce(channel, datum));
  }

  consume(consume: Consume): readonly Comm[] {
    return this.#settled(this.#space.consume(consume));
  }

  install(consume: Consume): void {
    this.#space.install(consume);
  }

  checkpoint(): () => void {
    this.#marked = true;
    return this.#space.checkpoint();
  }
}

tupleSpaceConformance({ name: 'store', create: () => new RhoSpace(createMemoryKeyValue()), runs: runs * 2 });
tupleSpaceConformance({ name: 'store that commits each step', create: () => new CommittingSpace(), runs });

const seedOf = (block: number, deploy: number): Uint8Array => Uint8Array.of(block, deploy);

/** Runs the deploys of one block; gives what each did. */
function runBlock(space: RhoSpace, block: number, programs: readonly string[]): string[] {
  const runtime = createRuntime({ space });
  return programs.map((program, deploy) => {
    const result = runtime.run(program, { seed: seedOf(block, deploy), maximumComms: 60 });
    return `${result.ok ? 'ok' : result.reason} ${String(result.comms)}`;
  });
}

function play(keyValue: KeyValueStore, blocks: readonly (readonly string[])[], reopen: boolean): SpaceCommit[] {
  let space = new RhoSpace(keyValue);
  const commits = [space.commit()];
  for (const [index, programs] of blocks.entries()) {
    if (reopen) space = new RhoSpace(keyValue);
    runBlock(space, index, programs);
    commits.push(space.commit());
  }
  return commits;
}

const anyBlocks = fc.array(fc.array(anyProgram, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 });

describe('a block of reductions', () => {
  test('replays to the same root, in a process that was there or not', () => {
    fc.assert(
      fc.property(anyBlocks, (blocks) => {
        const commits = play(createMemoryKeyValue(), blocks, false);
        const again = play(createMemoryKeyValue(), blocks, true);
        expect(again.map((one) => one.root)).toEqual(commits.map((one) => one.root));
        const keyValue = createMemoryKeyValue();
        const copy = new RhoSpace(keyValue);
        for (const [index, { log, root }] of commits.entries()) {
          const result = copy.replay(log, () => {
            if (index > 0) runBlock(copy, index - 1, blocks[index - 1]!);
          });
          expect(result.ok).toBe(true);
          expect(copy.commit().root).toEqual(root);
        }
        expect(verifyStore(new RhoSpace(keyValue).history).problems).toEqual([]);
      }),
      { numRuns: runs },
    );
  });

  test('does what it does in memory', () => {
    fc.assert(
      fc.property(fc.array(anyProgram, { minLength: 1, maxLength: 4 }), (programs) => {
        const space = new RhoSpace(createMemoryKeyValue());
        const memory = new MemorySpace();
        const plain = createRuntime({ space: memory });
        const expected = programs.map((program, deploy) => {
          const result = plain.run(program, { seed: seedOf(0, deploy), maximumComms: 60 });
          return `${result.ok ? 'ok' : result.reason} ${String(result.comms)}`;
        });
        expect(runBlock(space, 0, programs)).toEqual(expected);
        space.commit();
        let waiting = 0;
        for (const channel of space.history.channels()) waiting += [...space.history.items(channel)].length;
        let wanted = 0;
        for (const row of memory.entries()) wanted += row.data.length + row.waiting.length;
        expect(waiting).toBe(wanted);
      }),
      { numRuns: runs },
    );
  });

  test('is not replayed if something else is run, and the space stays as it was', () => {
    const program = '@"a"!(1) | for (@x <- @"a") { @"b"!(x) }';
    const [first] = play(createMemoryKeyValue(), [], false);
    const { log } = play(createMemoryKeyValue(), [[program]], false)[1]!;
    const space = new RhoSpace(createMemoryKeyValue());
    space.commit();
    const cases = [
      ['@"a"!(2) | for (@x <- @"a") { @"b"!(x) }', 'unknown-comm'],
      ['@"b"!(1)', 'unused-comms'],
      [`${program} | @"c"!(1)`, 'unknown-comm'],
    ] as const;
    for (const [other, reason] of cases) {
      const result = space.replay(log, () => void runBlock(space, 0, [other]));
      expect([other, result.ok ? 'ok' : result.reason]).toEqual([other, reason]);
      expect(space.pending).toBe(0);
    }
    const more = space.replay(log, () => void runBlock(space, 0, [program, '@"d"!(1)']));
    expect(more).toEqual({ ok: false, reason: 'other-events' });
    expect(space.replay(log.subarray(1), () => undefined)).toEqual({ ok: false, reason: 'malformed-log' });
    expect(space.root()).toEqual(first!.root);
    expect(space.replay(log, () => void runBlock(space, 0, [program]))).toEqual({ ok: true, comms: 1 });
    // What is pending stays, and counts for nothing.
    expect(space.replay(log, () => undefined)).toMatchObject({ ok: false, reason: 'unused-comms' });
    expect(space.commit().log).toEqual(log);
  });

  test('replays with a deploy that failed and left nothing', () => {
    const blocks = [['@"a"!(1)', 'contract @"b"(_) = { @"b"!(1) } | @"b"!(0)', 'for (_ <- @"a") { @"c"!(1) }']];
    const [, block] = play(createMemoryKeyValue(), blocks, false);
    const space = new RhoSpace(createMemoryKeyValue());
    space.commit();
    let did: string[] = [];
    const result = space.replay(block!.log, () => {
      did = runBlock(space, 0, blocks[0]!);
    });
    expect(did).toEqual(['ok 0', 'comm-limit 60', 'ok 1']);
    expect(result).toEqual({ ok: true, comms: 1 });
    expect(space.commit().root).toEqual(block!.root);
  });

  test('comes and goes with marks and resets', () => {
    const keyValue = createMemoryKeyValue();
    const space = new RhoSpace(keyValue);
    const { root } = space.commit();
    runBlock(space, 0, ['@"a"!(1)']);
    const back = space.checkpoint();
    runBlock(space, 0, ['for (@x <- @"a") { @"b"!(x) }']);
    back();
    expect(space.pending).toBe(1);
    const one = space.commit();
    expect(back).toThrow('RHO_STORE_ARGUMENT_MISMATCH');
    runBlock(space, 1, ['for (@x <- @"a") { @"b"!(x) }']);
    const two = space.commit();
    space.reset(root);
    runBlock(space, 0, ['@"a"!(1)']);
    expect(space.commit().root).toEqual(one.root);
    space.reset(two.root);
    runBlock(space, 2, ['@"b"!(3)']);
    space.commit();
    expect(verifyStore(space.history)).toMatchObject({ ok: true, commits: 5 });
  });

  test('of another handle on the store is not overwritten', () => {
    const keyValue = createMemoryKeyValue();
    const [one, two] = [new RhoSpace(keyValue), new RhoSpace(keyValue)];
    runBlock(one, 0, ['@"a"!(1)']);
    runBlock(two, 1, ['@"a"!(2)']);
    one.commit();
    expect(() => two.commit()).toThrow('RHO_STORE_VERSION_MISMATCH');
    expect(two.pending).toBe(1);
    two.refresh();
    runBlock(two, 1, ['@"a"!(2)']);
    two.commit();
    expect(verifyStore(two.history)).toMatchObject({ ok: true, commits: 2, entries: 2 });
  });

  test('takes records of the caller along, whole or not at all, and reports a flipped byte in them', () => {
    const keyValue = createMemoryKeyValue();
    const [one, two] = [new RhoSpace(keyValue), new RhoSpace(keyValue)];
    const [a, b, c] = [Uint8Array.of(1, 1), Uint8Array.of(1, 2), Uint8Array.of(2)];
    runBlock(one, 0, ['@"a"!(1)']);
    one.commit(undefined, { puts: [a, b, c].map((key) => [key, Uint8Array.of(7, ...key)]) });
    expect([...one.history.sides(Uint8Array.of(1))]).toEqual([a, b].map((key) => [key, Uint8Array.of(7, ...key)]));
    // A commit that fails takes nothing along.
    expect(() => two.commit(undefined, { deletes: [a] })).toThrow('RHO_STORE_VERSION_MISMATCH');
    expect(() => {
      two.history.writeSide({ deletes: [a] });
    }).toThrow('RHO_STORE_VERSION_MISMATCH');
    expect(one.history.side(a)).toEqual(Uint8Array.of(7, 1, 1));
    one.commit(undefined, { puts: [[c, c]], deletes: [a] });
    one.history.writeSide({ puts: [[b, Uint8Array.of()]] });
    const other = new RhoSpace(keyValue).history;
    expect([a, b, c].map((key) => other.side(key))).toEqual([undefined, Uint8Array.of(), c]);
    expect(verifyStore(one.history)).toMatchObject({ ok: true, commits: 2 });
    for (const key of [Uint8Array.of(), new Uint8Array(257)])
      expect(() => one.history.side(key)).toThrow('RHO_STORE_ARGUMENT_MISMATCH');
    for (const [key, value] of [...keyValue.entries({ from: Uint8Array.of(0x73), to: Uint8Array.of(0x74) })]) {
      for (let at = 0; at < value.length; at += 1) {
        const changed = Uint8Array.from(value);
        changed[at]! ^= 1;
        keyValue.commit({ puts: [[key, changed]] });
        expect(verifyStore(one.history).problems).toMatchObject([{ kind: 'record', key: hexFromBytes(key) }]);
        expect(() => one.history.side(key.subarray(1))).toThrow('RHO_STORE_BYTES_MALFORMED');
      }
      keyValue.commit({ puts: [[key, value]] });
    }
  });
});
