/**
 * Verifying aggregate proofs.
 *
 * @module
 */
import { type ExtensionElement } from '@commute/field';
import { jointCommitmentDigest, scanJointProof, type Statement, verifyJointProof } from '@commute/stark';
import { checkWhole, type RunClaim, runDigest, type SegmentClaim } from '../claim/claims.ts';
import { commitmentRoot } from '../link/commitment-tree.ts';
import { imageOnBus } from '../link/image.ts';
import { globalExternal } from '../link/state-link.ts';
import { type AggregateProof, decodeAggregate, type GroupProof, shapeOf } from './aggregate-format.ts';
import { chainSecurity } from './security.ts';
import {
  type ChainOptions,
  type ChainSystem,
  createChainSystem,
  endItem,
  jointItem,
  type ProvableProgram,
  segmentStatement,
} from './system.ts';
import { type ChainRefusal, type ChainVerdict, checkClaims, openEnd, type Refused } from './verify.ts';

/** What both sides agree on besides the program: how segments are put together the proof itself says. */
export type AggregateOptions = Omit<ChainOptions, 'form' | 'joint'>;

/**
 * Verifies an aggregate proof of a whole run from anybody: that the program, given the input, wrote the output and exited with the code.
 *
 * Never throws because of the bytes. Claims are merged and compared with the run before anything that takes time.
 */
export function verifyAggregate(
  program: ProvableProgram,
  run: RunClaim,
  bytes: Uint8Array,
  options: AggregateOptions = {},
): ChainVerdict {
  const decoded = decodeAggregate(bytes);
  if (!decoded.ok) return decoded;
  const proof = decoded.value;
  const refused = refusedClaims(program, run, proof);
  if (refused !== undefined) return refused;
  const joint = shapeOf(proof);
  const { maximumLogRows = 20, logBlowup = 2 } = options;
  // There is no larger domain in the field, and a domain of twice as many points has no room for quotients of several segments.
  if (maximumLogRows + logBlowup + joint.logInstances > 32 || (logBlowup === 1 && joint.logInstances > 0)) {
    return { ok: false, reason: 'proof', proof: 'beyond-parameters' };
  }
  return verifyAggregateProof(createChainSystem(program, { ...options, form: 'global', joint }), run, proof);
}

/** Why the claims are not those of the run, if they are not. */
function refusedClaims(program: ProvableProgram, run: RunClaim, { groups }: AggregateProof): Refused | undefined {
  const claims = groups.flatMap((group) => group.claims);
  const span = checkClaims(program, run, runDigest(run.program, run.input), claims);
  if ('ok' in span) return span;
  const reason = checkWhole(span, run, program);
  return reason === undefined ? undefined : { ok: false, reason };
}

/** A proof that is not verified yet, and what it is among all of them. */
interface OpenedItem {
  readonly item: Uint8Array;
  /** What its messages on the bus that all share add up to. */
  readonly sum: (external: ReturnType<typeof globalExternal>) => ExtensionElement | Refused;
}

/** Symbols of a joint proof whose messages are all kept while it is verified. */
const MOST_KEPT_SYMBOLS = 2 ** 20;

/** {@link verifyAggregate} for a decoded proof, and a system for proofs that are put together like this one. */
export function verifyAggregateProof(
  chain: ChainSystem,
  run: RunClaim,
  proof: AggregateProof,
  mostKeptSymbols: number = MOST_KEPT_SYMBOLS,
): ChainVerdict {
  const refuse = (reason: ChainRefusal): Refused => ({ ok: false, reason });
  const { groups, ends } = proof;
  const { joint, ranges } = chain;
  const shape = shapeOf(proof);
  if (joint?.proofs !== shape.proofs || joint.logInstances !== shape.logInstances) return refuse('other-form');
  const refused = refusedClaims(chain.program, run, proof);
  if (refused !== undefined) return refused;
  if (ends.length !== ranges.length) return refuse('other-ends');
  const { bits } = chainSecurity(chain);
  const { field, securityBits } = chain.segments.parameters;
  if (bits < securityBits) return refuse('less-security');

  const opened: OpenedItem[] = [];
  let segments = 0;
  for (const group of groups) {
    const each = openGroup(chain, run, group, segments, mostKeptSymbols);
    if ('ok' in each) return each;
    opened.push(each);
    segments += group.claims.length;
  }
  for (const [index, bytes] of ends.entries()) {
    const each = openRange(chain, segments, index, bytes);
    if ('ok' in each) return each;
    opened.push(each);
  }

  const digest = runDigest(run.program, run.input);
  const items = opened.map(({ item }) => item);
  const root = commitmentRoot(items);
  const externalOf = (item: Uint8Array): ReturnType<typeof globalExternal> =>
    globalExternal(field, digest, root, items.length, item);
  const [offset, ratio] = Object.values(externalOf(new Uint8Array()).challenges);
  const image = imageOnBus(field, chain.program.image, offset!, ratio!);
  if (image === undefined) return refuse('unlucky-challenge');
  let total = image;
  for (const { item, sum } of opened) {
    const share = sum(externalOf(item));
    if ('ok' in share) return share;
    total = field.add(total, share);
  }
  if (!field.equals(total, field.zero)) return refuse('other-memory');
  const cycles = groups
    .flatMap(({ claims }) => claims)
    .reduce((sum, { logCycles }) => sum + (1n << BigInt(logCycles)), 0n);
  return { ok: true, segments, cycles, provenBits: bits, proofs: opened.length };
}

/**
 * What a verifier knows of the segments of a joint proof. There is a message for each symbol, hundreds of bytes large: where claims say that there are many, those of
 * a segment are made whenever they are asked for, so that no more than those of one segment are there at a time.
 */
function groupStatements(
  chain: ChainSystem,
  claims: readonly SegmentClaim[],
  run: RunClaim,
  mostKeptSymbols: number,
): Statement[] {
  const symbols = claims.reduce(
    (sum, { inputStart, inputStop, outputStart, outputStop }) =>
      sum + inputStop - inputStart + outputStop - outputStart,
    0,
  );
  return claims.map((claim): Statement => {
    const make = (): Statement => segmentStatement(chain, claim, run);
    if (symbols <= mostKeptSymbols) return make();
    const { publicMessages: _, ...others } = make();
    return {
      ...others,
      get publicMessages() {
        return make().publicMessages ?? [];
      },
    };
  });
}

/** A joint proof with what it commits to; `first` is the place of its first segment. */
function openGroup(
  chain: ChainSystem,
  run: RunClaim,
  { claims, proof: bytes }: GroupProof,
  first: number,
  mostKeptSymbols: number,
): OpenedItem | Refused {
  const { segments: system, program } = chain;
  const refuse = (reason: ChainRefusal): Refused => ({ ok: false, reason, part: first });
  const decoded = scanJointProof(system, bytes);
  if (!decoded.ok) return { ...refuse('proof'), proof: decoded.reason };
  const { proof } = decoded;
  if (proof.instances !== claims.length) return refuse('other-commitments');
  const logCycles = proof.logRows[program.cycleTable];
  const other = claims.findIndex((claim) => claim.logCycles !== logCycles);
  if (other >= 0) return { ...refuse('other-cycles'), part: first + other };
  const statements = groupStatements(chain, claims, run, mostKeptSymbols);
  const commitment = jointCommitmentDigest(system, statements, proof.logRows, proof.roots[0]!);
  return {
    item: jointItem(claims, commitment),
    sum: (external) => {
      const verdict = verifyJointProof(system, statements, proof, external);
      if (!verdict.ok) return { ...refuse('proof'), proof: verdict.reason };
      const { field } = system.parameters;
      return verdict.exposed.map(({ sum }) => sum).reduce(field.add, field.zero);
    },
  };
}

/** A proof of a range of the ends with what it commits to. */
function openRange(chain: ChainSystem, segments: number, index: number, bytes: Uint8Array): OpenedItem | Refused {
  const part = segments + index;
  const opened = openEnd(chain, segments, index, bytes);
  if ('ok' in opened) return opened;
  return {
    item: endItem(index, opened.commitment),
    sum: (external) => {
      const verdict = opened.verify(external);
      return verdict.ok ? verdict.exposed.sum : { ok: false, reason: 'proof', part, proof: verdict.reason };
    },
  };
}
