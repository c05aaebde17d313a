import { assertInteger } from '@commute/errors';
import { Interrogation } from './interrogation.ts';
import { sameClaim, sameRoot, type Claim, type Party } from './messages.ts';
import { settleDispute } from './referee.ts';
import { assertRefereeOptions, type DisputeResult, type LossReason, type RefereeOptions } from './rules.ts';

/** One dispute of a tournament. */
export interface TournamentMatch {
  /** Disputes of a round are held side by side. */
  readonly round: number;
  readonly parties: readonly [string, string];
  readonly result: DisputeResult;
}

/** One who is out. */
export interface Elimination {
  readonly name: string;
  readonly reason: LossReason;
  /** The opponent; undefined if it fell before any dispute. */
  readonly by: string | undefined;
  readonly step: number | undefined;
  readonly microStep: number | undefined;
}

/** What a referee of a tournament goes by. */
export interface TournamentOptions extends RefereeOptions {
  /**
   * Disputes that a party may be in at a time; 1 unless told. With more, few honest parties are done with many others
   * sooner, but have to answer as many questions in the time for one.
   */
  readonly disputesPerParty?: number;
}

/** How a tournament ended. */
export interface TournamentResult {
  /** The claim that is left; undefined if nobody is. */
  readonly claim: Claim | undefined;
  /** Names of those who hold it. */
  readonly winners: readonly string[];
  readonly eliminated: readonly Elimination[];
  readonly matches: readonly TournamentMatch[];
}

interface Contestant {
  readonly party: Party;
  readonly claim: Claim;
}

/**
 * Settles among any number of claimants. One honest one suffices: it wins each of its disputes, so its claim is the one
 * that is left, whatever the others do, each alone or all together.
 *
 * In each round as many pairs with different claims as possible are in dispute side by side; who loses is out. A party is
 * bound to the claim it makes first. Losing takes nothing from others with the same claim, so that nobody can harm a true
 * claim by making it and defending it badly.
 *
 * Claims that all differ are settled in about log2 of their number of rounds. One honest party against m that share a
 * false claim needs m rounds, or m divided by `disputesPerParty` if it is quick enough to be in several at a time.
 *
 * @throws as `settleDispute`.
 * @example
 * ```ts no-run
 * import { tournament } from '@commute/swap';
 * import { parties, rules } from './mine.ts';
 * const { winners, matches } = await tournament(parties, rules);
 * for (const { parties, result } of matches) console.log(parties, result.step, result.microStep);
 * console.log(winners);
 * ```
 */
export async function tournament(parties: readonly Party[], options: TournamentOptions): Promise<TournamentResult> {
  assertRefereeOptions(options);
  const { disputesPerParty = 1 } = options;
  assertInteger('SWAP_DISPUTE_RANGE', 'disputesPerParty', disputesPerParty, 1, Number.MAX_SAFE_INTEGER);
  const eliminated: Elimination[] = [];
  const matches: TournamentMatch[] = [];
  let left = await contestants(parties, options, eliminated);
  for (let round = 1; ; round++) {
    const pairs = pairUp(left, disputesPerParty);
    if (pairs.length === 0) break;
    const results = await Promise.all(
      pairs.map(async ([a, b]) => ({
        pair: [a, b] as const,
        result: await settleDispute([a.party, b.party], options, [a.claim, b.claim]),
      })),
    );
    const out = new Set<Contestant>();
    for (const { pair, result } of results) {
      const { step, microStep } = result;
      matches.push({ round, parties: [pair[0].party.name, pair[1].party.name], result });
      for (const { party, name, reason } of result.losses) {
        // One that is in several disputes of a round may lose more than one of them.
        if (out.has(pair[party])) continue;
        out.add(pair[party]);
        eliminated.push({ name, reason, by: pair[1 - party]!.party.name, step, microStep });
      }
    }
    left = left.filter((contestant) => !out.has(contestant));
  }
  return { claim: left[0]?.claim, winners: left.map(({ party }) => party.name), eliminated, matches };
}

/** Asks all for their claims, and drops those that cannot be true. */
async function contestants(
  parties: readonly Party[],
  options: RefereeOptions,
  eliminated: Elimination[],
): Promise<Contestant[]> {
  const interrogation = new Interrogation(options);
  const replies = await Promise.all(parties.map((party) => interrogation.ask(party, { kind: 'claim' })));
  return replies.flatMap((reply, i): Contestant[] => {
    const party = parties[i]!;
    const reason = reply.ok ? impossible(reply.answer.claim, options) : reply.reason;
    if (reply.ok && reason === undefined) return [{ party, claim: reply.answer.claim }];
    if (reason !== undefined) {
      eliminated.push({ name: party.name, reason, by: undefined, step: undefined, microStep: undefined });
    }
    return [];
  });
}

function impossible(claim: Claim, { initialRoot, steps }: RefereeOptions): LossReason | undefined {
  if (!sameRoot(claim.initialRoot, initialRoot)) return 'wrong-initial-root';
  if (steps !== undefined && claim.steps !== steps) return 'wrong-length';
  if (claim.steps === 0 && !sameRoot(claim.finalRoot, claim.initialRoot)) return 'inconsistent';
  return undefined;
}

/**
 * As many pairs with different claims as possible: always two from the two largest groups that are left. Then each of the
 * rest with one that is in a dispute already, as often as that may be.
 */
function pairUp(contestants: readonly Contestant[], disputesPerParty: number): [Contestant, Contestant][] {
  const groups: Contestant[][] = [];
  for (const contestant of contestants) {
    const group = groups.find(([first]) => first !== undefined && sameClaim(first.claim, contestant.claim));
    if (group === undefined) groups.push([contestant]);
    else group.push(contestant);
  }
  const pairs: [Contestant, Contestant][] = [];
  for (;;) {
    groups.sort((a, b) => b.length - a.length);
    if ((groups[1] ?? []).length === 0) break;
    pairs.push([groups[0]!.pop()!, groups[1]!.pop()!]);
  }
  const rest = groups[0] ?? [];
  const opponents = pairs.flat().filter(({ claim }) => rest[0] !== undefined && !sameClaim(claim, rest[0].claim));
  for (let turn = 1; turn < disputesPerParty; turn++) {
    for (const opponent of opponents) {
      const contestant = rest.pop();
      if (contestant === undefined) return pairs;
      pairs.push([contestant, opponent]);
    }
  }
  return pairs;
}
