import {
  admit,
  checkObservability,
  demandOf,
  meterProgram,
  normalize,
  parse,
  tokenChannel,
  type Demand,
  type Finding,
  type Located,
  type PlaceFields,
  type RunReason,
  type SystemProcess,
  type Term,
  type WarningReason,
} from '@commute/rholang';
import { deployId, verifyDeploy, type Deploy } from './deploy.ts';

/** What a deploy came to grief at. */
export type RefusalStage =
  /** The block, the signature. */
  | 'block'
  /** The text is no program. */
  | 'parse'
  /** It parses, but names what is not there. */
  | 'normalize'
  /** Something that it sends can never be observed. */
  | 'observability'
  /** It needs more tokens than it has. */
  | 'admission'
  /** It ran and failed; all that it did was undone. */
  | 'run';

/** Why a block cannot hold a deploy. */
export type BlockRefusalReason =
  | 'bad-signature'
  /** It was made after a block that is not before this one. */
  | 'out-of-order'
  /** Its lifetime is over. */
  | 'out-of-time'
  /** It was made for another network. */
  | 'other-network'
  /** It ran before. */
  | 'duplicate-deploy'
  /** It brings tokens for a deploy that is not in the chain. */
  | 'unknown-deploy'
  /** The deploys before it left too little room, in bytes or in reductions; the next block may hold it. */
  | 'no-room'
  /** No block can hold it with its log. */
  | 'too-large';

/** Why a deploy is refused and where, in the form that `renderDiagnostic` takes. */
export interface Refusal extends PlaceFields {
  readonly stage: RefusalStage;
  readonly reason: string;
  readonly severity: 'error';
  readonly expected: readonly string[];
  readonly message: string;
  readonly hint: string | undefined;
}

/** A deploy that may run, or why it may not. */
export type Examination =
  | {
      readonly ok: true;
      /** What is run: with gates, if the deploy is metered. */
      readonly term: Term;
      /** Places of its sends and receives in the source. */
      readonly locations: ReadonlyMap<Term, Located>;
      /** The most that it can spend. */
      readonly demand: Demand;
      readonly warnings: readonly Finding<WarningReason>[];
    }
  | {
      readonly ok: false;
      /** At least one, in the order of the source. */
      readonly refused: readonly Refusal[];
      readonly warnings: readonly Finding<WarningReason>[];
    };

const NOWHERE = { line: 1, column: 1, start: 0, end: 0, found: '' };

/** A refusal that is about no place in particular. */
export function refusalOf(
  stage: RefusalStage,
  reason: RunReason | 'nesting-limit' | 'short' | BlockRefusalReason,
  message: string,
  file: string,
  place: Partial<PlaceFields> = {},
): Refusal {
  return { stage, reason, message, severity: 'error', expected: [], hint: undefined, ...NOWHERE, ...place, file };
}

function refused(refusals: readonly Refusal[], warnings: readonly Finding<WarningReason>[] = []): Examination {
  return { ok: false, refused: refusals, warnings };
}

/**
 * Reads, checks and meters a deploy without running it: its signature, its syntax, whether all that it sends can be observed, and whether its tokens
 * cover what it can spend. A deploy whose demand has no bound is let through: it stops when its tokens are spent, and goes on when more arrive.
 *
 * @param systemProcesses - those beside the standard ones that the runtime has.
 * @example
 * ```ts
 * import { examineDeploy, unsignedDeploy } from '@commute/rho-store';
 * const base = { file: 'a.rho', timestamp: 0, after: 0, tokens: 1, tokensFor: undefined };
 * const good = examineDeploy(unsignedDeploy({ ...base, source: '@1!(2) | for (@x <- @1) { Nil }' }));
 * const unseen = examineDeploy(unsignedDeploy({ ...base, source: 'new a in { a!(2) }' }));
 * if (!good.ok || unseen.ok || unseen.refused[0]?.reason !== 'unobserved-output') throw new Error('unexpected answer');
 * ```
 */
export function examineDeploy(deploy: Deploy, systemProcesses?: readonly SystemProcess[]): Examination {
  if (systemProcesses !== undefined) return examine(deploy, systemProcesses);
  let examined = EXAMINED.get(deploy);
  if (examined === undefined) EXAMINED.set(deploy, (examined = examine(deploy, systemProcesses)));
  return examined;
}

/** What came of looking at a deploy with the standard processes: a node looks when it takes one, and again in each block that it tries. */
const EXAMINED = /* @__PURE__ */ new WeakMap<Deploy, Examination>();

function examine(deploy: Deploy, systemProcesses: readonly SystemProcess[] | undefined): Examination {
  const { source, file, tokens } = deploy;
  if (!verifyDeploy(deploy))
    return refused([refusalOf('block', 'bad-signature', 'signature: expected a good one, got another', file)]);
  const about = { source, file };
  const tree = parse(deploy.tokensFor === undefined ? source : 'Nil', { file });
  if (!tree.ok)
    return refused(tree.diagnostics.map((one) => ({ ...one, stage: 'parse' as const, severity: 'error' as const })));
  const normal = normalize(tree.process, about);
  if (!normal.ok)
    return refused(
      normal.diagnostics.map((one) => ({ ...one, stage: 'normalize' as const, severity: 'error' as const })),
    );
  const { locations } = normal;
  const options = { ...about, locations, ...(systemProcesses === undefined ? {} : { systemProcesses }) };
  const observed = checkObservability(normal.term, options);
  const { warnings } = observed;
  if (!observed.ok)
    return refused(
      observed.refused.map((one) => ({ ...one, stage: 'observability' as const, severity: 'error' as const })),
      warnings,
    );
  const demand = demandOf(normal.term, options);
  if (tokens === undefined) return { ok: true, term: normal.term, locations, demand, warnings };
  const admission = admit(demand, BigInt(tokens));
  if (!admission.ok && admission.reason === 'short' && demand.kind === 'bounded') {
    const message = `tokens: expected at least ${String(demand.tokens)}, which the program can spend, got ${String(tokens)}`;
    return refused([refusalOf('admission', 'short', message, file)], warnings);
  }
  const metered = meterProgram(normal.term, { ...options, channel: tokenChannel(deployId(deploy)) });
  if (!metered.ok) return refused([refusalOf('normalize', metered.reason, metered.message, file)], warnings);
  return { ok: true, term: metered.term, locations: metered.locations, demand, warnings };
}
