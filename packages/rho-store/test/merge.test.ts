import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRuntime, MemorySpace, stringTerm } from '@commute/rholang';
import { hexFromBytes } from '../src/bytes.ts';
import {
  compareLogs,
  compareProposals,
  createMemoryKeyValue,
  decideByHash,
  decideByVotes,
  decodeLog,
  encodeChannel,
  encodeEvent,
  encodeLog,
  mergeProposals,
  replayProposal,
  RhoSpace,
  verifyStore,
  type Decision,
  type KeyValueStore,
  type LogEntry,
  type Proposal,
} from '../src/index.ts';
import { changesOf } from '../src/history/event.ts';
import { Course } from './course.ts';
import { anyProgram } from './program-arbitrary.ts';

const runs = Number(process.env['FC_NUM_RUNS'] ?? 150);

function runOn(space: RhoSpace, program: string, seed: Uint8Array): void {
  const result = createRuntime({ space }).run(program, { seed, maximumComms: 60 });
  if (!result.ok && result.reason === 'invalid-program') throw new Error(result.message);
}

/** A store with one program run on it. */
function baseOf(program: string): { keyValue: KeyValueStore; root: Uint8Array<ArrayBuffer> } {
  const keyValue = createMemoryKeyValue();
  const space = new RhoSpace(keyValue);
  runOn(space, program, Uint8Array.of(0));
  return { keyValue, root: space.commit().root };
}

/** What programs do to a base one after another; the seed is the id. Nothing is committed. */
function proposalOf(base: KeyValueStore, programs: readonly (readonly [string, Uint8Array])[]): Proposal {
  const space = copyOf(base);
  const deploys = programs.map(([program, id]) => {
    const start = space.pending;
    runOn(space, program, id);
    return { id, log: space.logSince(start) };
  });
  return { deploys };
}

/** The log of a program on a base. */
function logOf(base: KeyValueStore, program: string, seed: number): Uint8Array {
  return proposalOf(base, [[program, Uint8Array.of(seed)]]).deploys[0]!.log;
}

function copyOf(base: KeyValueStore): RhoSpace {
  const copy = createMemoryKeyValue();
  copy.commit({ puts: [...base.entries()] });
  return new RhoSpace(copy);
}

const texts = (ids: readonly Uint8Array[]): string[] => ids.map((id) => hexFromBytes(id));

describe('logs on a common base', () => {
  const kindsOf = (base: string, one: string, two: string): string[] => {
    const { keyValue } = baseOf(base);
    const result = compareLogs(new RhoSpace(keyValue).history, [logOf(keyValue, one, 1), logOf(keyValue, two, 2)]);
    if (!result.ok) throw new Error(result.reason);
    return result.pairs.flatMap((pair) => pair.conflicts.map((conflict) => conflict.kind));
  };

  test.for([
    ['@"a"!(1)', 'for (_ <- @"a") { Nil }', 'for (_ <- @"a") { @"b"!(1) }', ['used-twice']],
    ['for (_ <- @"a") { Nil }', '@"a"!(1)', '@"a"!(2)', ['used-twice']],
    ['@"a"!(1)', 'for (_ <<- @"a") { Nil }', 'for (_ <- @"a") { Nil }', ['read-and-used']],
    ['Nil', '@"a"!(1)', 'for (@1 <- @"a") { Nil }', ['could-meet']],
    ['Nil', '@"a"!(1)', 'for (_ <- @"a" & _ <- @"b") { Nil }', ['could-meet']],
    ['Nil', '@"a"!(1)', 'contract @"a"(_) = { Nil }', ['could-meet']],
    ['for (_ <- @"a" & _ <- @"b") { Nil }', '@"a"!(1)', '@"b"!(1)', ['shared-join']],
    [
      '@"go"!("a", "a") | for (@p, @q <- @"go") { for (_ <- @p & _ <- @q) { Nil } }',
      '@"a"!(1)',
      '@"a"!(2)',
      ['shared-join'],
    ],
  ] as const)('on %s: %s and %s conflict', ([base, one, two, kinds]) => {
    expect(kindsOf(base, one, two)).toEqual(kinds);
    expect(kindsOf(base, two, one)).toEqual(kinds);
  });

  test.for([
    ['Nil', '@"a"!(1)', '@"a"!(2)'],
    ['Nil', '@"a"!(1)', 'for (@2 <- @"a") { Nil }'],
    ['Nil', '@"a"!(1)', 'for (@x <- @"a" where x > 1) { Nil }'],
    ['Nil', '@"a"!(1)', 'for (_, _ <- @"a") { Nil }'],
    ['@"a"!(1)', 'for (_ <<- @"a") { Nil }', 'for (_ <<- @"a") { @"b"!(1) }'],
    ['contract @"a"(_) = { Nil }', '@"a"!(1)', '@"a"!(2)'],
    ['@"a"!!(1)', 'for (_ <- @"a") { Nil }', 'for (_ <- @"a") { Nil }'],
    ['@"a"!(1) | @"b"!(1)', 'for (_ <- @"a") { Nil }', 'for (_ <- @"b") { Nil }'],
    ['for (@1 <- @"a" & _ <- @"b") { Nil }', '@"a"!(2)', '@"b"!(1)'],
    ['for (_ <- @"a" & _ <- @"b") { Nil }', '@"a"!(2)', '@"a"!(3)'],
    ['Nil', '@"a"!(1) | for (_ <- @"a") { Nil }', 'for (_ <- @"a") { Nil }'],
  ] as const)('on %s: %s and %s do not conflict', ([base, one, two]) => {
    expect(kindsOf(base, one, two)).toEqual([]);
    expect(kindsOf(base, two, one)).toEqual([]);
  });

  test('of two runs of one deploy conflict, unless they are the same', () => {
    const { keyValue } = baseOf('Nil');
    const deploy = ['@"a"!(1) | @"c"!(1)', Uint8Array.of(1)] as const;
    const alone = proposalOf(keyValue, [deploy]);
    const same = compareProposals(copyOf(keyValue).history, [alone, proposalOf(keyValue, [deploy])]);
    expect(same.ok && [same.conflict, same.units[0]!.proposals]).toEqual([false, [0, 1]]);
    const needed = proposalOf(keyValue, [deploy, ['for (_ <- @"a") { Nil }', Uint8Array.of(2)]]);
    const proposals = [alone, needed];
    const result = compareProposals(copyOf(keyValue).history, proposals);
    const kinds = result.ok && result.pairs.flatMap((pair) => pair.conflicts.map((one) => one.kind));
    expect(kinds).toEqual(['same-deploy', 'left-twice']);
    // One of the two stands, so the deploy is not refused.
    const merged = mergeProposals(copyOf(keyValue).history, proposals);
    expect(merged.ok && texts(merged.accepted).includes('01') && texts(merged.refused).includes('01')).toBe(false);
  });
});

describe('deploys of one proposal', () => {
  test.for([
    ['on different keys', 'Nil', ['@"a"!(1)', '@"b"!(1)'], 2],
    ['that call one contract', 'contract @"a"(_) = { Nil }', ['@"a"!(1)', '@"a"!(2)', '@"a"!(3)'], 3],
    ['that leave messages on one key', 'Nil', ['@"a"!(1)', '@"a"!(2)'], 2],
    ['that both read', '@"a"!(1)', ['for (_ <<- @"a") { @"b"!(1) }', 'for (_ <<- @"a") { @"c"!(1) }'], 2],
    ['of which one takes what another sent', 'Nil', ['@"a"!(1)', 'for (_ <- @"a") { Nil }', '@"b"!(1)'], 2],
    ['of which one reads what another sent', 'Nil', ['@"a"!(1)', 'for (_ <<- @"a") { Nil }'], 1],
    ['of which one takes what another read', '@"a"!(1)', ['for (_ <<- @"a") { Nil }', 'for (_ <- @"a") { Nil }'], 1],
    ['of which one came too late for a receive', 'for (_ <- @"a") { Nil }', ['@"a"!(1)', '@"a"!(2)'], 1],
    [
      'of which one came too late for a message',
      '@"a"!(1)',
      ['for (@1 <- @"a") { Nil }', 'for (_ <- @"a") { Nil }'],
      1,
    ],
    ['of which one wants another message', '@"a"!(1)', ['for (_ <- @"a") { Nil }', 'for (@2 <- @"a") { Nil }'], 2],
    [
      'of which one would have completed a join',
      '@"a"!(1) | for (_ <- @"a" & _ <- @"b") { Nil }',
      ['for (_ <- @"a") { Nil }', '@"b"!(1)'],
      1,
    ],
    [
      'of which one would have completed the join of another',
      '@"a"!(1)',
      ['for (_ <- @"a") { Nil }', 'for (_ <- @"a" & _ <- @"b") { Nil }', '@"b"!(1)'],
      1,
    ],
    ['that failed and did nothing', 'Nil', ['@"x"!(1) | contract @"x"(_) = { @"x"!(1) }', '@"b"!(1)'], 2],
  ] as const)('%s', ([, base, programs, count]) => {
    const { keyValue } = baseOf(base);
    const proposal = proposalOf(
      keyValue,
      programs.map((program, index) => [program, Uint8Array.of(index + 1)]),
    );
    const result = compareProposals(copyOf(keyValue).history, [proposal]);
    expect(result.ok && [result.units.length, result.conflict]).toEqual([count, false]);
    expect(result.ok && texts(result.units.flatMap((unit) => unit.deploys)).sort()).toEqual(
      texts(proposal.deploys.map((deploy) => deploy.id)),
    );
  });
});

/** Chooses as numbers say, so that a merge is right whatever is decided. */
const anyDecision = fc.array(fc.nat(), { minLength: 30, maxLength: 30 }).map((numbers): Decision => (units, pairs) => {
  const order = units.map((_, index) => index).sort((a, b) => numbers[a % 30]! - numbers[b % 30]! || a - b);
  const taken = new Set<number>();
  const refused = new Set<number>();
  for (const index of order) {
    const clash = pairs.some(({ units: [a, b] }) => (a === index && taken.has(b)) || (b === index && taken.has(a)));
    // A decision may also refuse more than it must.
    if (clash || numbers[index % 30]! % 7 === 0) refused.add(index);
    else taken.add(index);
  }
  return refused;
});

const anyProposals = fc.array(fc.array(anyProgram, { minLength: 1, maxLength: 4 }), { minLength: 2, maxLength: 4 });

function shuffled<T>(list: readonly T[], seed: number): T[] {
  const result = list.slice();
  for (let index = result.length - 1, state = seed; index > 0; index -= 1) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    const other = state % (index + 1);
    [result[index], result[other]] = [result[other]!, result[index]!];
  }
  return result;
}

// A deploy takes a message that a join of the base needs beside the one that another deploy sends: on different keys, and yet their order tells.
const JOINED = '@"c"!(1) | for (@x <- @"b" & @y <- @"c") { @"a"!(0) | @"c"!(x) }';
const JOINING = ['for (@1 <- @"c") { Nil }', 'new n in { @"b"!(*n) }'];

describe('a merge', () => {
  test('is a possible course of events in any order of what it holds, and comes to rest, whatever was decided', () => {
    let [merged, clashed, split] = [0, 0, 0];
    fc.assert(
      fc.property(anyProgram, anyProposals, anyDecision, fc.nat(), (program, proposed, decide, turn) => {
        const { keyValue } = baseOf(program);
        const proposals = proposed.map((programs, one) =>
          proposalOf(
            keyValue,
            programs.map((each, two) => [each, Uint8Array.of(one + 1, two)]),
          ),
        );
        const space = copyOf(keyValue);
        const result = mergeProposals(space.history, proposals, decide);
        if (!result.ok) throw new Error(result.reason);
        expect(verifyStore(space.history).problems).toEqual([]);
        const all = texts(proposals.flatMap((one) => one.deploys.map((deploy) => deploy.id)));
        expect(texts([...result.accepted, ...result.refused]).sort()).toEqual(all.sort());
        if (result.pairs.length > 0) clashed += 1;
        else merged += 1;
        if (result.units.length > proposals.length) split += 1;
        const logs = new Map(
          proposals.flatMap((one) => one.deploys.map(({ id, log }) => [hexFromBytes(id), log] as const)),
        );
        const accepted = new Set(texts(result.accepted));
        const units = result.units.filter((unit) => accepted.has(hexFromBytes(unit.deploys[0]!)));
        const entriesOf = (unit: (typeof units)[number]): readonly LogEntry[] =>
          unit.deploys.flatMap((id) => {
            const decoded = decodeLog(logs.get(hexFromBytes(id))!);
            if (!decoded.ok) throw new Error(decoded.reason);
            return decoded.entries;
          });
        const expected = new Course(space.history);
        expect(expected.couldFire()).toBe(0);
        const byProposal = [...units].sort((one, two) => one.proposals[0]! - two.proposals[0]!);
        for (const order of [units, byProposal, byProposal.toReversed(), shuffled(units, turn)]) {
          const course = new Course(copyOf(keyValue).history);
          for (const unit of order) for (const entry of entriesOf(unit)) course.take(entry);
          expect(course.text()).toBe(expected.text());
        }
      }),
      { numRuns: runs * 2 },
    );
    expect(Math.min(merged, clashed, split)).toBeGreaterThan(0);
  });

  test('is commutative, associative and idempotent, and does not depend on who proposed what', () => {
    let merged = 0;
    fc.assert(
      fc.property(anyProgram, anyProposals, fc.nat(), (program, proposed, turn) => {
        const { keyValue } = baseOf(program);
        const proposals = proposed.map((programs, one) =>
          proposalOf(
            keyValue,
            programs.map((each, two) => [each, Uint8Array.of(one + 1, two)]),
          ),
        );
        const rootOf = (list: readonly Proposal[]): string => {
          const result = mergeProposals(copyOf(keyValue).history, list);
          if (!result.ok) throw new Error(result.reason);
          return `${hexFromBytes(result.commit.root)} ${texts(result.accepted).join()} ${texts(result.refused).join()}`;
        };
        const expected = rootOf(proposals);
        expect(rootOf(shuffled(proposals, turn))).toBe(expected);
        expect(rootOf([...proposals, proposals[turn % proposals.length]!])).toBe(expected);
        const compared = compareProposals(copyOf(keyValue).history, proposals);
        if (!compared.ok || compared.conflict) return;
        merged += 1;
        // Proposals that do not conflict are one proposal: merged in two steps they give the same.
        const joined = (list: readonly Proposal[]): Proposal => ({ deploys: list.flatMap((one) => one.deploys) });
        const [first, ...rest] = proposals;
        expect(rootOf([joined([first!, ...rest])])).toBe(expected);
        expect(rootOf([first!, joined(rest)])).toBe(expected);
        expect(rootOf([joined(proposals.slice(0, 2)), ...proposals.slice(2)])).toBe(expected);
      }),
      { numRuns: runs },
    );
    expect(merged).toBeGreaterThan(0);
  });

  test('of independent deploys is the same whatever the order in which they ran', () => {
    let [permuted, apart] = [0, 0];
    const channelsOf = ({ log }: Proposal['deploys'][number]): Set<string> => {
      const decoded = decodeLog(log);
      const events = decoded.ok ? decoded.entries.map((one) => one.event) : [];
      return new Set(events.flatMap((one) => changesOf(one).map(({ channel }) => hexFromBytes(channel))));
    };
    /** The channels of each join that waits after a program, which one message more may bring together. */
    const joinsOf = (program: string): ReadonlySet<string>[] => {
      const space = new MemorySpace();
      createRuntime({ space }).run(program, { seed: Uint8Array.of(0), maximumComms: 60 });
      const joins = [...space.entries()].flatMap(({ waiting }) => waiting).filter(({ binds }) => binds.length > 1);
      return joins.map(({ binds }) => new Set(binds.map(({ channel }) => hexFromBytes(encodeChannel(channel)))));
    };
    const rootOf = (base: KeyValueStore, deploys: readonly (readonly [string, Uint8Array])[]): string => {
      const space = copyOf(base);
      for (const [program, id] of deploys) runOn(space, program, id);
      return hexFromBytes(space.commit().root);
    };
    fc.assert(
      fc.property(
        anyProgram,
        fc.array(anyProgram, { minLength: 2, maxLength: 4 }),
        fc.nat(),
        (program, programs, turn) => {
          const { keyValue } = baseOf(program);
          const joins = joinsOf(program);
          const deploys = programs.map((each, index) => [each, Uint8Array.of(index + 1)] as const);
          const other = shuffled(deploys, turn);
          const proposals = [deploys, other].map((list) => proposalOf(keyValue, list));
          const logs = proposals.map((one) => new Map(one.deploys.map(({ id, log }) => [id[0], hexFromBytes(log)])));
          const alike = [...logs[0]!].every(([id, log]) => logs[1]!.get(id) === log);
          const channels = proposals[0]!.deploys.map((deploy) => {
            const own = [...channelsOf(deploy)];
            const near = joins.filter((join) => own.some((channel) => join.has(channel)));
            return new Set([...own, ...near.flatMap((join) => [...join])]);
          });
          // A deploy that failed has no events, and may have failed because of what another did.
          const disjoint =
            channels.every((one) => one.size > 0) &&
            new Set(channels.flatMap((one) => [...one])).size === channels.reduce((sum, one) => sum + one.size, 0);
          if (disjoint) {
            // On different keys even the order of a plain block leaves no trace.
            apart += 1;
            expect(alike).toBe(true);
            expect(rootOf(keyValue, other)).toBe(rootOf(keyValue, deploys));
          }
          if (!alike) return;
          permuted += 1;
          const roots = proposals.map((proposal) => {
            const result = mergeProposals(copyOf(keyValue).history, [proposal]);
            return result.ok && hexFromBytes(result.commit.root);
          });
          expect(roots[0]).toBe(roots[1]);
        },
      ),
      { numRuns: runs * 2, examples: [[JOINED, JOINING, 1]] },
    );
    expect(Math.min(permuted, apart)).toBeGreaterThan(0);
  });

  test('asks a decision only about conflicts, and takes only one that leaves none', () => {
    const { keyValue, root } = baseOf('@"a"!(1)');
    const take = (index: number): readonly [string, Uint8Array] => [
      `for (_ <- @"a") { @"b"!(${String(index)}) }`,
      Uint8Array.of(index),
    ];
    const other = ['@"c"!(1)', Uint8Array.of(9)] as const;
    const [one, two] = [proposalOf(keyValue, [take(1), other]), proposalOf(keyValue, [take(2)])];
    const space = copyOf(keyValue);
    const compared = compareProposals(space.history, [one, two]);
    if (!compared.ok) throw new Error(compared.reason);
    const unitWith = (id: number): number => compared.units.findIndex((unit) => unit.deploys[0]![0] === id);
    for (const id of [1, 2]) {
      const chosen = mergeProposals(space.history, [one, two], () => [unitWith(id)]);
      expect(chosen.ok && texts(chosen.refused)).toEqual([`0${String(id)}`]);
      space.reset(root);
    }
    expect(() => mergeProposals(space.history, [one, two], () => [unitWith(9)])).toThrow('RHO_STORE_ARGUMENT_MISMATCH');
    const votes = [1, 2].map((id) => ({ stake: BigInt(id), units: [compared.units[unitWith(id)]!.hash] }));
    const voted = mergeProposals(space.history, [one, two], decideByVotes(votes));
    expect(voted.ok && texts(voted.refused)).toEqual(['01']);
    space.reset(root);
    const noVotes = mergeProposals(space.history, [one, two], decideByVotes([]));
    space.reset(root);
    const byHash = mergeProposals(space.history, [one, two], decideByHash);
    expect(byHash.ok && byHash.commit.root).toEqual(noVotes.ok && noVotes.commit.root);
    space.reset(root);
    const asked = mergeProposals(space.history, [one], () => {
      throw new Error('asked without a conflict');
    });
    expect(asked.ok && asked.refused).toEqual([]);
    // What was refused is proposed again, on the new version.
    const again = mergeProposals(space.history, [proposalOf(space.history.trie.store, [take(2)])]);
    expect(again.ok && [again.refused, texts(again.accepted)]).toEqual([[], ['02']]);
  });

  test('trusts only what replays', () => {
    const { keyValue } = baseOf('@"a"!(1)');
    const programs = ['for (@x <- @"a") { @"b"!(x) }', '@"c"!(1)', 'for (@x <- @"b") { @"d"!(x) }'];
    const run = (space: RhoSpace) => (deploy: { id: Uint8Array }) => {
      runOn(space, programs[deploy.id[0]!]!, deploy.id);
    };
    const proposal = proposalOf(
      keyValue,
      programs.map((program, index) => [program, Uint8Array.of(index)]),
    );
    const space = copyOf(keyValue);
    expect(replayProposal(space, proposal, run(space))).toEqual({ ok: true, comms: 2 });
    expect(space.pending).toBe(0);
    const [first, second, third] = proposal.deploys;
    const forged = (log: Uint8Array): Proposal => ({ deploys: [first!, { ...second!, log }, third!] });
    for (const log of [first!.log, encodeLog([]), second!.log.subarray(1)]) {
      const result = replayProposal(space, forged(log), run(space));
      expect(result).toMatchObject({ ok: false, deploy: 1 });
      expect(space.pending).toBe(0);
    }
    const started = space.checkpoint();
    runOn(space, '@"z"!(1)', Uint8Array.of(7));
    expect(() => replayProposal(space, proposal, run(space))).toThrow('RHO_STORE_ARGUMENT_MISMATCH');
    started();
    expect(replayProposal(space, proposal, run(space)).ok).toBe(true);
  });

  test('reports logs that are none, or belong to another base', () => {
    const { keyValue } = baseOf('@"a"!(1)');
    const elsewhere = new RhoSpace(createMemoryKeyValue());
    for (const program of ['for (_ <- @"a") { Nil }', 'for (_ <<- @"a") { Nil }']) {
      const proposal = proposalOf(keyValue, [[program, Uint8Array.of(1)]]);
      expect(mergeProposals(elsewhere.history, [proposal])).toEqual({ ok: false, reason: 'not-on-base' });
    }
    expect(elsewhere.history.trie.meta.commits).toBe(0);
    const log = logOf(keyValue, 'for (_ <- @"a") { Nil }', 1);
    const cut = { deploys: [{ id: Uint8Array.of(1), log: log.subarray(1) }] };
    expect(mergeProposals(elsewhere.history, [cut])).toEqual({ ok: false, reason: 'malformed-log', proposal: 0 });
    const receive = decodeLog(logOf(keyValue, 'for (_ <- @"b") { Nil }', 2));
    const event = receive.ok ? receive.entries[0]!.event : undefined;
    if (event?.kind !== 'consume') throw new Error('not a receive');
    for (const wrong of [
      { ...event, channels: [encodeChannel(stringTerm('c'))] },
      { ...event, item: Uint8Array.of(1, 2, 3) },
    ])
      expect(compareLogs(copyOf(keyValue).history, [log, encodeLog([encodeEvent(wrong)])])).toEqual({
        ok: false,
        reason: 'malformed-log',
        log: 1,
      });
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Uint8Array.from(log);
        changed[at % log.length]! ^= flip;
        const proposals = [log, changed].map((each, index) => ({ deploys: [{ id: Uint8Array.of(index), log: each }] }));
        mergeProposals(copyOf(keyValue).history, proposals);
      }),
      { numRuns: runs },
    );
  });

  test('of many deploys on one key takes a bounded number of matches', () => {
    const { keyValue } = baseOf('Nil');
    const many = (text: (index: number) => string): Proposal =>
      proposalOf(keyValue, [[Array.from({ length: 2000 }, (_, index) => text(index)).join(' | '), Uint8Array.of(1)]]);
    const sends = many((index) => `@"a"!(${String(index)})`);
    const { deploys } = many((index) => `for (@${String(-1 - index)} <- @"a") { Nil }`);
    const receives = { deploys: [{ id: Uint8Array.of(2), log: deploys[0]!.log }] };
    const result = compareProposals(copyOf(keyValue).history, [sends, receives]);
    // Four million pairs do not match; those beyond the bound count as if they did.
    expect(result.ok && result.pairs[0]!.conflicts).toHaveLength(32);
  });
});
