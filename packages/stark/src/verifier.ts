/**
 * The verifier.
 *
 * @module
 */
import {
  batchInverseElements,
  type ExtensionElement,
  type ExtensionField,
  inverse,
  isCanonical,
  rootOfUnity,
} from '@commute/field';
import {
  type BatchCommitment,
  type DecodeRefusal,
  DIGEST_BYTES,
  type OpeningRefusal,
  verifyOpening,
} from '@commute/poly-commit';
import { type Arithmetization, EXPOSED_SUM } from './arithmetize.ts';
import { ROW_KINDS } from './evaluate.ts';
import { committedLogRows } from './hiding.ts';
import { publicSum } from './lookup.ts';
import { joinColumns, type OpenedCells, pointProgram } from './point-program.ts';
import { decodeJointProof, decodeProof, type JointProof, rootCount, type StarkProof, terminalCount } from './proof.ts';
import {
  absorbClaimed,
  assertStatement,
  assertStatements,
  type Claimed,
  drawChallenges,
  drawWeights,
  type ExternalInputs,
  externalValues,
  openTranscript,
  pointsOf,
  publicValueLists,
  type Statement,
} from './statement.ts';
import { isHeight, planRounds, preprocessedBatches, type RoundPlan, type StarkSystem, tablesWith } from './system.ts';

/** Why a proof is refused. */
export type StarkRefusal =
  | DecodeRefusal
  | OpeningRefusal
  /** A height of a table with preprocessed columns is not that of the statement. */
  | 'other-preprocessed'
  /** A height is not the one that the statement demands. */
  | 'other-heights'
  /** A joint proof of another number of instances than there are statements. */
  | 'other-instances'
  /** The constraints do not hold at the random point. */
  | 'constraints'
  /** The messages of all tables and of the statement do not cancel. */
  | 'buses'
  /** A random point or challenge falls where the argument says nothing. */
  | 'unlucky-challenge';

/** What a proof claims and only its verifier's caller can judge. */
export interface ExposedValues {
  /** Per table its exposed values by name. */
  readonly values: readonly Readonly<Record<string, ExtensionElement>>[];
  /** The sum of all messages on exposed buses, positive where they are sent; zero where there are none. */
  readonly sum: ExtensionElement;
}

/** The verdict; on success with the values that the proof exposes. */
export type StarkVerdict =
  { readonly ok: true; readonly exposed: ExposedValues } | { readonly ok: false; readonly reason: StarkRefusal };

/** The verdict on a joint proof; on success with the values that each instance exposes. */
export type JointVerdict =
  | { readonly ok: true; readonly exposed: readonly ExposedValues[] }
  | { readonly ok: false; readonly reason: StarkRefusal };

/**
 * Verifies the bytes of a proof from anybody; never throws because of them.
 *
 * @param statement - the verifier's own.
 * @param external - the values of external challenges, derived by the verifier itself, and whatever else the proof is bound to.
 * @throws {@link StarkError} `STARK_TRACE` for a statement that does not fit the system: the caller's mistake.
 */
export function verify(
  system: StarkSystem,
  statement: Statement,
  bytes: Uint8Array,
  external: ExternalInputs = {},
): StarkVerdict {
  assertStatement(system, statement);
  externalValues(system, external);
  const decoded = decodeProof(system, bytes);
  return decoded.ok ? verifyProof(system, statement, decoded.proof, external) : decoded;
}

/** {@link verify} for a decoded proof. */
export function verifyProof(
  system: StarkSystem,
  statement: Statement,
  proof: StarkProof,
  external: ExternalInputs = {},
): StarkVerdict {
  const { logRows, roots, terminals, exposed, opening } = proof;
  const joint = { logInstances: 0, logRows, roots, claimed: [{ terminals, exposed }], opening };
  const verdict = verifyJointProof(system, [statement], joint, external);
  return verdict.ok ? { ok: true, exposed: verdict.exposed[0]! } : verdict;
}

/**
 * Verifies the bytes of a joint proof from anybody; never throws because of them. Those of one instance are the proofs of `prove`.
 *
 * @param statements - the verifier's own, one for each instance in the order that they were proved in; of the same preprocessed columns.
 * @param external - the values of external challenges, derived by the verifier itself, and whatever else the proof is bound to.
 * @throws {@link StarkError} `STARK_TRACE` for statements that do not fit the system or each other: the caller's mistake.
 */
export function verifyJoint(
  system: StarkSystem,
  statements: readonly Statement[],
  bytes: Uint8Array,
  external: ExternalInputs = {},
): JointVerdict {
  assertStatements(system, statements);
  externalValues(system, external);
  const decoded = decodeJointProof(system, bytes);
  return decoded.ok ? verifyJointProof(system, statements, decoded.proof, external) : decoded;
}

/** Whether what is claimed of an instance has the parts that the system asks for. */
function hasClaims(system: StarkSystem, { terminals, exposed }: Claimed): boolean {
  const { degree } = system.parameters.field;
  return (
    terminals.length === terminalCount(system) &&
    exposed.length === system.tables.length &&
    exposed.every((each, index) => each.length === system.arithmetizations[index]!.exposed.length) &&
    [...terminals, ...exposed.flat()].every((each) => each.length === degree)
  );
}

/** {@link verifyJoint} for a decoded proof. */
export function verifyJointProof(
  system: StarkSystem,
  statements: readonly Statement[],
  proof: JointProof,
  external: ExternalInputs = {},
): JointVerdict {
  assertStatements(system, statements);
  externalValues(system, external);
  const refuse = (reason: StarkRefusal): JointVerdict => ({ ok: false, reason });
  const { field } = system.parameters;
  const { logInstances, logRows, roots, claimed, opening } = proof;
  if (2 ** logInstances !== statements.length) return refuse('other-instances');
  if (
    logRows.length !== system.tables.length ||
    roots.length !== rootCount(system) ||
    roots.some((root) => root.length !== DIGEST_BYTES) ||
    claimed.length !== statements.length ||
    !claimed.every((each) => hasClaims(system, each))
  ) {
    return refuse('wrong-shape');
  }
  const words = claimed.flatMap(({ terminals, exposed }) => [...terminals.flat(), ...exposed.flat(2)]);
  if (!words.every(isCanonical)) return refuse('not-canonical');
  if (!logRows.every((log) => isHeight(system, log))) {
    return refuse('count-out-of-range');
  }
  if (statements.some((each) => each.logRows?.some((log, index) => log !== logRows[index]) === true)) {
    return refuse('other-heights');
  }
  const { preprocessed } = statements[0]!;
  const keyed = tablesWith(system, 'preprocessed');
  if (keyed.some((index, at) => preprocessed!.logRows[at] !== logRows[index])) return refuse('other-preprocessed');

  const transcript = openTranscript(system, statements, logRows);
  transcript.absorb('main', roots[0]!);
  const challenges = drawChallenges(system, transcript, external);
  if (roots.length === 3) transcript.absorb('auxiliary', roots[1]!);
  absorbClaimed(system, transcript, claimed);
  const weights = drawWeights(system, transcript);
  transcript.absorb('quotient', roots.at(-1)!);
  const point = transcript.extensionElement('out of domain', field);

  const plans = planRounds(system, logRows, logInstances);
  const keys = preprocessedBatches(system).map(({ kind }, at) => [kind, preprocessed!.roots[at]!] as const);
  const rootOf: Partial<Record<RoundPlan['kind'], Uint8Array | undefined>> = {
    ...Object.fromEntries(keys),
    main: roots[0],
    auxiliary: roots[1],
    quotient: roots.at(-1),
  };
  const rounds = plans.map(({ kind, tables, covers, layout }) => {
    const { shapes, instances = 1 } = layout;
    const commitment: BatchCommitment = { root: rootOf[kind]!, shapes, instances };
    const points = tables.map((index) => (kind === 'quotient' ? [point] : pointsOf(system, point, logRows[index]!)));
    return { commitment, points: [...points, ...covers.map(() => [])] };
  });
  const opened = verifyOpening(system.parameters, rounds, opening, transcript);
  if (!opened.ok) return opened;

  /** The claimed values of the columns of one table and instance, at each point. */
  const values = (
    kind: RoundPlan['kind'],
    table: number,
    instance: number,
  ): readonly (readonly ExtensionElement[])[] => {
    const round = plans.findIndex((plan) => plan.kind === kind);
    const at = plans[round]?.tables.indexOf(table) ?? -1;
    if (at < 0) return [[], []];
    const { shapes, instances = 1 } = plans[round]!.layout;
    const { columns } = shapes[at]!;
    const first = instances === 1 ? 0 : instance * columns;
    return opened.evaluations[round]![at]!.map((row) => row.slice(first, first + columns));
  };
  const heights = pointsOfHeights(field, point, logRows);
  if (heights === undefined) return refuse('unlucky-challenge');
  const challengeLists = system.arithmetizations.map((each) => each.challenges.map((name) => challenges.get(name)!));
  for (const [instance, statement] of statements.entries()) {
    const { terminals, exposed } = claimed[instance]!;
    const publicLists = publicValueLists(system, statement);
    let terminal = 0;
    for (const [index, arithmetization] of system.arithmetizations.entries()) {
      const [quotient] = values('quotient', index, instance) as [readonly ExtensionElement[]];
      const cells: OpenedCells = {
        main: values('main', index, instance),
        auxiliary: values('auxiliary', index, instance),
        preprocessed: values(system.commonTables.includes(index) ? 'common' : 'preprocessed', index, instance),
        publicValues: publicLists[index]!,
        challenges: challengeLists[index]!,
        terminal: arithmetization.hasTerminal ? terminals[terminal++]! : field.zero,
        exposed: exposed[index]!,
      };
      const log = logRows[index]!;
      const verdict = checkAtPoint(system, arithmetization, log, point, quotient, weights[index]!, cells, heights);
      if (verdict !== undefined) return refuse(verdict);
    }
    const unbalanced = checkBuses(system, statement, challenges, terminals);
    if (unbalanced !== undefined) return refuse(unbalanced);
  }
  return { ok: true, exposed: claimed.map(({ exposed }) => nameExposed(system, exposed)) };
}

/** Exposed values by name, the sums of buses added up. */
function nameExposed(
  { arithmetizations, parameters: { field } }: StarkSystem,
  exposed: readonly (readonly ExtensionElement[])[],
): ExposedValues {
  const sums = arithmetizations.flatMap(({ exposed: names }, index) =>
    names.at(-1) === EXPOSED_SUM ? [exposed[index]!.at(-1)!] : [],
  );
  const values = arithmetizations.map(({ table }, index) =>
    Object.fromEntries(table.exposed.map((name, at) => [name, exposed[index]![at]!])),
  );
  return { values, sum: sums.reduce(field.add, field.zero) };
}

/** What depends on a height and the point alone. */
export interface PointOfHeight {
  /** The point to the power of the rows. */
  readonly rows: ExtensionElement;
  /** 1 over the zerofier of each kind of rows at the point. */
  readonly factors: Readonly<Record<(typeof ROW_KINDS)[number], ExtensionElement>>;
}

/** For each height what constraints are divided by at a point; nothing where one of them is zero there. */
export function pointsOfHeights(
  field: ExtensionField,
  point: ExtensionElement,
  heights: Iterable<number>,
): Map<number, PointOfHeight> | undefined {
  const distinct = [...new Set(heights)];
  const zerofiers = distinct.map((logRows) => {
    const rows = field.power(point, 1n << BigInt(logRows));
    const fromLast = field.subtract(point, field.fromBase(inverse(rootOfUnity(logRows))));
    return { rows, everyRow: field.subtract(rows, field.one), fromFirst: field.subtract(point, field.one), fromLast };
  });
  const divisors = zerofiers.flatMap(({ everyRow, fromFirst, fromLast }) => [everyRow, fromFirst, fromLast]);
  if (divisors.some((each) => field.equals(each, field.zero))) return undefined;
  const inverses = batchInverseElements(field, divisors);
  return new Map(
    zerofiers.map(({ rows, fromLast }, k) => {
      const [every, first, last] = inverses.slice(3 * k, 3 * k + 3) as [
        ExtensionElement,
        ExtensionElement,
        ExtensionElement,
      ];
      return [distinct[k]!, { rows, factors: { first, last, every, transition: field.multiply(fromLast, every) } }];
    }),
  );
}

/** Whether the weighted constraints, each kind over its zerofier, equal the quotient at the point. */
export function checkAtPoint(
  { hiding, parameters: { field } }: StarkSystem,
  arithmetization: Arithmetization,
  logRows: number,
  point: ExtensionElement,
  quotient: readonly ExtensionElement[],
  weights: readonly ExtensionElement[],
  opened: OpenedCells,
  heights: Map<number, PointOfHeight> | undefined = pointsOfHeights(field, point, [logRows]),
): StarkRefusal | undefined {
  const atHeight = heights?.get(logRows);
  if (atHeight === undefined) return 'unlucky-challenge';
  const { rows, factors } = atHeight;
  const sums = pointProgram(arithmetization)(weights, opened);
  const expected = ROW_KINDS.map((kind, at) => field.multiply(sums[at]!, factors[kind])).reduce(field.add, field.zero);
  const pieceLength = 2 ** committedLogRows(hiding, logRows) - (hiding?.piece ?? 0);
  const fromPiece = hiding === undefined ? rows : field.power(point, BigInt(pieceLength));
  let claimed = field.zero;
  for (let piece = quotient.length / 3 - 1; piece >= 0; piece--) {
    claimed = field.add(field.multiply(claimed, fromPiece), joinColumns(quotient, 3 * piece));
  }
  return field.equals(expected, claimed) ? undefined : 'constraints';
}

/** Why the messages of all tables and of the statement do not cancel, if they do not. */
function checkBuses(
  { buses, parameters: { field } }: StarkSystem,
  { publicMessages = [] }: Statement,
  challenges: ReadonlyMap<string, ExtensionElement>,
  terminals: readonly ExtensionElement[],
): StarkRefusal | undefined {
  const [offset, ratio] = [challenges.get('lookup offset'), challenges.get('lookup ratio')];
  let sum = terminals.reduce(field.add, field.zero);
  if (publicMessages.length > 0 && offset !== undefined && ratio !== undefined) {
    const added = publicSum(publicMessages, buses, [offset, ratio], field);
    if (added === undefined) return 'unlucky-challenge';
    sum = field.add(sum, added);
  }
  return field.equals(sum, field.zero) ? undefined : 'buses';
}
