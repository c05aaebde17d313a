import { BaseError } from '@commute/errors';
import { rootFromRegion, zeroRegionRoot } from '@commute/machine';
import { Interrogation, type ReplyOf } from './interrogation.ts';
import { sameClaim, sameRoot, type AnswerTo, type Claim, type Party, type Question } from './messages.ts';
import {
  assertRefereeOptions,
  type DisputeResult,
  type LayerRules,
  type Loss,
  type LossReason,
  type RefereeOptions,
} from './rules.ts';
import type { StepVerdict } from './verifier.ts';

type RootAnswer = AnswerTo<Extract<Question, { kind: 'root' }>>;

/** Something for each of the two parties. */
type Both<T> = readonly [T, T];

/** A disagreement about a range of steps of one machine: the parties agree on the root at `low`, not on that at `high`. */
interface Range {
  readonly path: readonly number[];
  readonly low: number;
  readonly lowRoot: Uint8Array;
  readonly high: number;
  readonly highRoots: Both<Uint8Array>;
}

/** Ends a dispute from anywhere inside it. */
class Over extends Error {
  readonly losses: readonly Loss[];
  constructor(losses: readonly Loss[]) {
    super('over');
    this.losses = losses;
  }
}

/**
 * Settles a dispute between two parties that share nothing but messages. The referee holds no machine and no state: it
 * compares roots, and verifies one step of the lowest machine.
 *
 * First the range from the agreed start to the disputed end is halved until one step of the top machine is left. Then the
 * auxiliary state is attached to both ends of that step, which takes only the hashes beside its region, and the steps of
 * the machine below are halved in the same way, layer by layer. The proof of the one step that is left decides: who
 * claims another root than it leads to has lost. So a party that answers honestly and in time always wins, since every
 * root it gives is one that the next step leads to.
 *
 * @param claims - what the parties claim, where it is known already; they are asked otherwise.
 * @returns the result. Whatever a party sends, or does not send, costs that party the dispute and nothing else.
 * @throws BaseError `SWAP_DISPUTE_RANGE` or `MACHINE_REGION_RANGE` for options that make no sense;
 * `SWAP_VERIFIER_UNSOUND` if `verifyStep` accepts two different results for one step. An abort rejects with the signal's
 * reason.
 * @example
 * ```ts no-run
 * import { settleDispute } from '@commute/swap';
 * import { honest, liar, rules } from './mine.ts';
 * const { winner, step, microStep } = await settleDispute([honest, liar], rules);
 * console.log(winner === 0, step, microStep);
 * ```
 */
export async function settleDispute(
  parties: readonly [Party, Party],
  options: RefereeOptions,
  claims?: readonly [Claim, Claim],
): Promise<DisputeResult> {
  assertRefereeOptions(options);
  const match = new Match(parties, options);
  try {
    await match.play(claims);
  } catch (error) {
    if (!(error instanceof Over)) throw error;
    return match.result(error.losses);
  }
  return match.result([]);
}

class Match {
  readonly #parties: Both<Party>;
  readonly #options: RefereeOptions;
  readonly #interrogation: Interrogation;
  #rounds = 0;
  #path: readonly number[] = [];
  #agreedRoot: Uint8Array | undefined;
  #verifiedRoot: Uint8Array | undefined;
  #microStep: number | undefined;

  constructor(parties: Both<Party>, options: RefereeOptions) {
    this.#parties = parties;
    this.#options = options;
    this.#interrogation = new Interrogation(options);
  }

  async play(known: Both<Claim> | undefined): Promise<void> {
    const claims = known ?? (await this.#claims());
    this.#demand(claims, ({ initialRoot }) => sameRoot(initialRoot, this.#options.initialRoot), 'wrong-initial-root');
    const { steps } = this.#options;
    if (steps !== undefined) this.#demand(claims, (claim) => claim.steps === steps, 'wrong-length');
    this.#demand(claims, (claim) => claim.steps > 0 || sameRoot(claim.finalRoot, claim.initialRoot), 'inconsistent');
    if (sameClaim(...claims)) return;
    let range = await this.#bisect(await this.#start(claims), claims);
    for (const [depth, layer] of this.#options.layers.entries()) {
      const below = await this.#descend(range, layer);
      const { settle = 'bisect' } = this.#options;
      if (depth === this.#options.layers.length - 1 && settle !== 'bisect') {
        const { path, low: index } = range;
        const verify = (proof: Uint8Array): StepVerdict | Promise<StepVerdict> =>
          settle.verify(below.lowRoot, proof, below.high);
        await this.#decide({ kind: 'settlement', path, index }, below, verify);
      }
      range = await this.#bisect(below);
    }
    const { path, low: index } = range;
    this.#microStep = index;
    await this.#decide({ kind: 'step', path, index }, range, (proof) => this.#options.verifyStep(range.lowRoot, proof));
  }

  result(losses: readonly Loss[]): DisputeResult {
    const [loss] = losses;
    const lost = (i: 0 | 1): boolean => losses.some(({ party }) => party === i);
    return {
      agreed: loss === undefined,
      winner: loss === undefined || (lost(0) && lost(1)) ? undefined : lost(0) ? 1 : 0,
      losses,
      step: this.#path[0],
      microStep: this.#microStep,
      path: this.#path,
      agreedRoot: this.#agreedRoot,
      verifiedRoot: this.#verifiedRoot,
      rounds: this.#rounds,
      bytes: this.#interrogation.bytes,
    };
  }

  async #claims(): Promise<Both<Claim>> {
    const [a, b] = await this.#askBoth({ kind: 'claim' });
    return [a.claim, b.claim];
  }

  /** The range in dispute, from two claims that differ. */
  async #start(claims: Both<Claim>): Promise<Range> {
    const [a, b] = claims;
    const start = { path: [], low: 0, lowRoot: this.#options.initialRoot };
    // After its last step a claim says that nothing changes any more, so the longer range compares both.
    if (!sameRoot(a.finalRoot, b.finalRoot)) {
      return { ...start, high: Math.max(a.steps, b.steps), highRoots: [a.finalRoot, b.finalRoot] };
    }
    // Same end, other length: is it reached where the shorter claim says so?
    const longer = a.steps > b.steps ? 0 : 1;
    const { steps, finalRoot } = claims[1 - longer]!;
    const tooLong: Loss = this.#loss(
      longer,
      'length-not-minimal',
      `its final root is reached at step ${String(steps)}`,
    );
    if (steps === 0) throw new Over([tooLong]);
    this.#rounds++;
    const reply = await this.#interrogation.ask(this.#parties[longer], {
      kind: 'root',
      path: [],
      index: steps,
    });
    if (!reply.ok) throw new Over([this.#loss(longer, reply.reason, reply.detail)]);
    if (sameRoot(reply.answer.root, finalRoot)) throw new Over([tooLong]);
    const { root } = reply.answer;
    return { ...start, high: steps, highRoots: longer === 0 ? [root, finalRoot] : [finalRoot, root] };
  }

  /** Halves a range until one step is left. */
  async #bisect(range: Range, claims?: Both<Claim>): Promise<Range> {
    const { path } = range;
    let { low, lowRoot, high, highRoots } = range;
    while (high - low > 1) {
      const index = low + Math.floor((high - low) / 2);
      this.#tell(path, low, high);
      const roots = await this.#rootsAt(path, index, claims);
      if (sameRoot(...roots)) {
        low = index;
        lowRoot = roots[0];
      } else {
        high = index;
        highRoots = roots;
      }
    }
    this.#path = [...path, low];
    this.#agreedRoot = lowRoot;
    return { path, low, lowRoot, high, highRoots };
  }

  async #rootsAt(path: readonly number[], index: number, claims: Both<Claim> | undefined): Promise<Both<Uint8Array>> {
    const question = { kind: 'root', path, index } as const;
    // Beyond the end of its claim a party has said already that nothing changes.
    const known = claims?.map(({ steps, finalRoot }) => (index >= steps ? finalRoot : undefined));
    this.#rounds++;
    const [a, b] = await Promise.all(
      this.#parties.map(async (party, i): Promise<ReplyOf<RootAnswer>> => {
        const root = known?.[i];
        return root === undefined
          ? this.#interrogation.ask(party, question)
          : { ok: true, answer: { kind: 'root', root } };
      }),
    );
    const [first, second] = this.#bothOrOver(a!, b!);
    return [first.root, second.root];
  }

  /** From one disputed step of a machine to the steps of the machine below that do it. */
  async #descend(range: Range, layer: LayerRules): Promise<Range> {
    const { path, low: index, lowRoot, highRoots } = range;
    const { hasher } = this.#options;
    const { region, pristineRoot, log2Steps } = layer;
    const empty = zeroRegionRoot(hasher, region.log2Size);
    this.#tell(path, index, range.high);
    this.#rounds++;
    const openings = await this.#askBoth({ kind: 'opening', path, index });
    const attached = (root: Uint8Array, siblings: readonly Uint8Array[]): Uint8Array | undefined => {
      const opened = rootFromRegion(hasher, region, empty, siblings);
      if (opened === null || !sameRoot(opened, root)) return undefined;
      return rootFromRegion(hasher, region, pristineRoot, siblings) ?? undefined;
    };
    const ends = openings.map(({ before, after }, i) => {
      const low = attached(lowRoot, before);
      const high = attached(highRoots[i as 0 | 1], after);
      return low === undefined || high === undefined ? undefined : { low, high };
    });
    const losses = ends.flatMap((end, i) =>
      end === undefined ? [this.#loss(i as 0 | 1, 'bad-opening', `of ${layer.name} at step ${String(index)}`)] : [],
    );
    if (losses.length > 0) throw new Over(losses);
    const [a, b] = ends as [{ low: Uint8Array; high: Uint8Array }, { low: Uint8Array; high: Uint8Array }];
    return {
      path: [...path, index],
      low: 0,
      lowRoot: a.low,
      high: 2 ** log2Steps,
      highRoots: [a.high, b.high],
    };
  }

  /** Asks for proofs from the agreed root on; the root that they lead to decides. */
  async #decide(
    question: Question & { readonly kind: 'step' | 'settlement' },
    range: Range,
    verify: (proof: Uint8Array) => StepVerdict | Promise<StepVerdict>,
  ): Promise<never> {
    this.#agreedRoot = range.lowRoot;
    this.#tell(question.path, range.low, range.high);
    this.#rounds++;
    const replies = await Promise.all(this.#parties.map((party) => this.#interrogation.ask(party, question)));
    const details: string[] = [];
    for (const [i, reply] of replies.entries()) {
      const verdict = reply.ok ? await verify(reply.answer.proof) : undefined;
      details[i] = reply.ok ? (verdict?.ok === false ? verdict.reason : '') : `${reply.reason}: ${reply.detail}`;
      if (verdict?.ok !== true) continue;
      if (this.#verifiedRoot !== undefined && !sameRoot(this.#verifiedRoot, verdict.rootAfter)) {
        throw new BaseError('SWAP_VERIFIER_UNSOUND', 'verifyStep: expected one result for one step, got two', {});
      }
      this.#verifiedRoot = verdict.rootAfter;
    }
    const verified = this.#verifiedRoot;
    const losers = ([0, 1] as const).filter((i) => verified === undefined || !sameRoot(range.highRoots[i], verified));
    throw new Over(
      losers.map((i) => this.#loss(i, verified === undefined ? 'no-proof' : 'wrong-step', details[i] ?? '')),
    );
  }

  async #askBoth<Q extends Question>(question: Q): Promise<Both<AnswerTo<Q>>> {
    const [a, b] = await Promise.all(this.#parties.map((party) => this.#interrogation.ask(party, question)));
    return this.#bothOrOver(a!, b!);
  }

  #bothOrOver<T>(a: ReplyOf<T>, b: ReplyOf<T>): Both<T> {
    if (a.ok && b.ok) return [a.answer, b.answer];
    throw new Over(
      [a, b].flatMap((reply, i) => (reply.ok ? [] : [this.#loss(i as 0 | 1, reply.reason, reply.detail)])),
    );
  }

  /** Ends the dispute for those whose claim does not pass. */
  #demand(claims: Both<Claim>, passes: (claim: Claim) => boolean, reason: LossReason): void {
    const losses = claims.flatMap((claim, i) => (passes(claim) ? [] : [this.#loss(i as 0 | 1, reason, '')]));
    if (losses.length > 0) throw new Over(losses);
  }

  #loss(party: 0 | 1, reason: LossReason, detail: string): Loss {
    return { party, name: this.#parties[party].name, reason, detail };
  }

  #tell(path: readonly number[], low: number, high: number): void {
    const [a, b] = this.#parties;
    this.#options.onRound?.({ round: this.#rounds, parties: [a.name, b.name], path, low, high });
  }
}
