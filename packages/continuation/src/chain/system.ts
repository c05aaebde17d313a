/**
 * What prover and verifier of a chain of segments agree on.
 *
 * @module
 */
import { type FieldEngine } from '@commute/field';
import { BLAKE3, DIGEST_BYTES } from '@commute/poly-commit';
import {
  createStarkSystem,
  preprocess,
  type PreprocessedKey,
  type StarkOptions,
  type StarkSystem,
  type Statement,
  type Table,
  type TableTrace,
  type VerifyingKey,
} from '@commute/stark';
import { ByteWriter } from '../claim/bytes.ts';
import { encodeSegmentClaim, type RunClaim, type SegmentClaim } from '../claim/claims.ts';
import { ContinuationError } from '../errors.ts';
import { type Cells, type KeyRule } from '../link/cells.ts';
import { createStateLink, type LinkForm, type StateLink } from '../link/state-link.ts';
import { type PageBoundary } from '../pages/page-tables.ts';
import { END_TABLES, endKey } from './known-systems.ts';
import { logListFor } from './security.ts';

/** A program on a machine, as both sides know it. Everything about it follows from the program that `digest` is of. */
export interface ProvableProgram {
  /** 32 bytes. */
  readonly digest: Uint8Array;
  /** The nonzero cells before the first segment. */
  readonly image: Cells;
  /** Program counter before the first cycle and after the last. */
  readonly entry: bigint;
  readonly halt: bigint;
  /** The machine's tables; those of the link come after them. */
  readonly tables: readonly Table[];
  /** Number of the table that has one row for each cycle. */
  readonly cycleTable: number;
  /** Most symbols of input, and of output, that a cycle moves: segments that claim more are refused at once. No limit by default. */
  readonly symbolsPerCycle?: number;
  /** Which keys may be touched; all by default. */
  readonly keyRule?: KeyRule;
  /** Buses that only the statement uses. */
  readonly publicBuses?: readonly string[];
  /** Traces of those tables of a segment's system that have preprocessed columns, in their places; only these columns of them are used. */
  readonly fixedTraces?: (segments: StarkSystem) => readonly TableTrace[];
  /** Those of them whose preprocessed columns are the same for all programs, by name, and the root over these columns where it is known. */
  readonly common?: {
    readonly tables: readonly string[];
    readonly root: (segments: StarkSystem) => Uint8Array | undefined;
  };
  /** What is known of the system of its segments, as long as the program has these very parts. */
  readonly known?: Pick<ProvableProgram, 'tables' | 'keyRule' | 'publicBuses'> & {
    readonly key: (form: LinkForm) => VerifyingKey | undefined;
  };
  /** What the verifier knows of a segment: public values of the machine's tables, and messages. It may not throw for any claim. */
  readonly statement: (claim: SegmentClaim, run: RunClaim) => Pick<Statement, 'publicValues' | 'publicMessages'>;
}

/** How the segments of a run are put together into joint proofs. */
export interface JointShape {
  /** How many proofs. */
  readonly proofs: number;
  /** log2 of the places for segments in the largest of them, some of which may be empty. */
  readonly logInstances: number;
}

/** Options of {@link createChainSystem}. */
export interface ChainOptions extends Pick<
  StarkOptions,
  'securityBits' | 'logBlowup' | 'maximumLogRows' | 'queryWork' | 'maximumDegree' | 'foldingFactor'
> {
  /** Pairwise by default. */
  readonly form?: LinkForm;
  /** In the global form: segments are proved jointly, see `proveAggregate`. Each in a proof of its own by default. */
  readonly joint?: JointShape;
  /** In the global form: keys at which the list of the ends is cut into proofs of their own, increasing; none by default. */
  readonly cuts?: readonly bigint[];
  /** In the paged form: log2 of the words of a page, from 3 to 12; 5 by default. */
  readonly logPageWords?: number;
  /** Computes the commitment to preprocessed columns; required where the program has such. */
  readonly engine?: FieldEngine;
}

/** Systems of the proofs of a chain. */
export interface ChainSystem {
  readonly program: ProvableProgram;
  readonly link: StateLink;
  /** Of a segment: the machine's tables, then the link's. */
  readonly segments: StarkSystem;
  readonly preprocessed: PreprocessedKey | undefined;
  /** Of the ends, in the global form. */
  readonly ends: StarkSystem | undefined;
  /** Ranges of keys of the proofs of the ends, in order: [start, stop). */
  readonly ranges: readonly { readonly start: bigint; readonly stop: bigint }[];
  /** How segments are put together, where they are proved jointly. */
  readonly joint: JointShape | undefined;
}

/** Proofs of the ends, at most. */
export const MOST_RANGES = 1024;

/** Keys are below this. */
export const KEY_LIMIT: bigint = 2n ** 40n;

/**
 * Fixes the tables and parameters of a chain's proofs.
 *
 * @throws {@link ContinuationError} `CONTINUATION_RANGE` for cuts that do not increase or are 2^10 or more, or joint proofs in another form than the global one; and what
 * `createStarkSystem` throws.
 */
export function createChainSystem(program: ProvableProgram, options: ChainOptions = {}): ChainSystem {
  const { form = 'pairwise', joint } = options;
  if (joint !== undefined && form !== 'global') {
    throw new ContinuationError('CONTINUATION_RANGE', 'joint', 'the global form', form);
  }
  if (form !== 'global') return systemIn(program, options, {});
  // One challenge for the commitments of all proofs is proven where each of them is one word, or the choices out of their lists are few: see security.ts.
  if (joint === undefined) return systemIn(program, options, { regime: 'unique decoding' });
  const { maximumLogRows = 20, securityBits = 100, cuts = [] } = options;
  return systemIn(program, options, { logList: logListFor({ maximumLogRows, securityBits }, joint, cuts.length + 1) });
}

function systemIn(
  program: ProvableProgram,
  options: ChainOptions,
  lists: Pick<StarkOptions, 'regime' | 'logList'>,
): ChainSystem {
  const { form = 'pairwise', joint, cuts = [], logPageWords, engine, ...asked } = options;
  const stark: StarkOptions = { ...asked, ...lists };
  if (program.digest.length !== DIGEST_BYTES) {
    throw new ContinuationError('CONTINUATION_RANGE', 'digest', '32 bytes', String(program.digest.length));
  }
  const bounds = [0n, ...cuts, KEY_LIMIT];
  if (cuts.length >= MOST_RANGES) {
    throw new ContinuationError('CONTINUATION_RANGE', 'cuts', `less than ${String(MOST_RANGES)}`, String(cuts.length));
  }
  bounds.slice(1).forEach((bound, k) => {
    if (bound <= bounds[k]!) {
      throw new ContinuationError('CONTINUATION_RANGE', 'cuts', 'increasing keys', cuts.join(', '));
    }
  });
  const link = createStateLink(form, program.keyRule, logPageWords);
  const { externalChallenges, exposedBuses } = link;
  const publicBuses = program.publicBuses ?? [];
  const tables = [...program.tables, ...link.tables];
  const commonTables = program.common?.tables ?? [];
  const segments = createStarkSystem(tables, {
    ...stark,
    externalChallenges,
    exposedBuses,
    publicBuses,
    commonTables,
    ...(joint === undefined ? {} : { maximumLogInstances: joint.logInstances }),
    ...withKey(keyFor(program, form)),
  });
  if (program.fixedTraces !== undefined && engine === undefined) {
    throw new ContinuationError('CONTINUATION_RANGE', 'engine', 'one for preprocessed columns', 'none');
  }
  return {
    program,
    link,
    segments,
    preprocessed:
      program.fixedTraces === undefined
        ? undefined
        : preprocess(engine!, segments, program.fixedTraces(segments), program.common?.root(segments)),
    ends:
      form === 'global' ? createStarkSystem(END_TABLES, { ...stark, exposedBuses, ...withKey(endKey()) }) : undefined,
    ranges: form === 'global' ? bounds.slice(1).map((stop, k) => ({ start: bounds[k]!, stop })) : [],
    joint,
  };
}

/** What is known of a program's segments; nothing once a part was replaced. */
function keyFor(program: ProvableProgram, form: LinkForm): VerifyingKey | undefined {
  const { known, tables, keyRule, publicBuses } = program;
  const isSame = known?.tables === tables && known.keyRule === keyRule && known.publicBuses === publicBuses;
  return isSame ? known.key(form) : undefined;
}

function withKey(key: VerifyingKey | undefined): Pick<StarkOptions, 'key'> {
  return key === undefined ? {} : { key };
}

/** What a verifier knows of a segment; `boundary` is memory before and after it, in the paged form. */
export function segmentStatement(
  { program, link, preprocessed }: ChainSystem,
  claim: SegmentClaim,
  run: RunClaim,
  boundary?: PageBoundary,
): Statement {
  const { publicValues, publicMessages = [] } = program.statement(claim, run);
  const ofMemory = boundary === undefined ? [] : (link.messages?.(boundary) ?? []);
  return {
    publicValues: [...publicValues, ...link.publicValues(claim.index)],
    publicMessages: [...publicMessages, ...ofMemory],
    ...(preprocessed === undefined ? {} : { preprocessed }),
  };
}

/** What a verifier knows of a proof of the ends. */
export function endStatement({ ranges }: ChainSystem, index: number): Statement {
  const { start, stop } = ranges[index]!;
  return { publicValues: [{ start, stop }, {}] };
}

/** A segment's claim and its commitment in one digest: what its neighbours, or all segments, are bound to. */
export function segmentItem(claim: SegmentClaim, commitment: Uint8Array): Uint8Array {
  const writer = new ByteWriter().bytes(new TextEncoder().encode('commute/continuation/segment/v1'));
  return BLAKE3.digest(writer.bytes(encodeSegmentClaim(claim)).bytes(commitment).finish());
}

/** The same for a joint proof of neighbouring segments. */
export function jointItem(claims: readonly SegmentClaim[], commitment: Uint8Array): Uint8Array {
  const writer = new ByteWriter().bytes(new TextEncoder().encode('commute/continuation/joint/v1'));
  writer.number(claims.length, 4);
  for (const claim of claims) writer.bytes(encodeSegmentClaim(claim));
  return BLAKE3.digest(writer.bytes(commitment).finish());
}

/** The same for a proof of the ends. */
export function endItem(index: number, commitment: Uint8Array): Uint8Array {
  const writer = new ByteWriter().bytes(new TextEncoder().encode('commute/continuation/ends/v1'));
  return BLAKE3.digest(writer.number(index, 4).bytes(commitment).finish());
}
