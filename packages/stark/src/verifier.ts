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
import { ELEMENT_BYTES } from '@commute/field/kernels';
import {
  type BatchCommitment,
  type DecodeRefusal,
  DIGEST_BYTES,
  type Evaluations,
  isScanned,
  type OpeningRefusal,
  type ScannedOpening,
  verifyOpening,
  verifyScannedOpening,
} from '@commute/poly-commit';
import { type Arithmetization, EXPOSED_SUM } from './arithmetize.ts';
import { ROW_KINDS } from './evaluate.ts';
import { committedLogRows } from './hiding.ts';
import { publicSum, publicSumByKernels } from './lookup.ts';
import { pointChecker } from './point-kernel.ts';
import { joinColumns, type OpenedCells, pointProgram } from './point-program.ts';
import {
  type JointProof,
  rootCount,
  type ScannedJointProof,
  type ScannedProof,
  scanJointProof,
  scanProof,
  type StarkProof,
  terminalCount,
} from './proof.ts';
import {
  absorbClaimed,
  assertStatement,
  assertStatements,
  type Claimed,
  drawChallenges,
  drawWeight,
  type ExternalInputs,
  externalValues,
  openTranscript,
  pointsOf,
  publicValueLists,
  type Statement,
  weightsOf,
} from './statement.ts';
import { constraintCount } from './verifying-key.ts';
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
  const scanned = scanProof(system, bytes);
  return scanned.ok ? verifyProof(system, statement, scanned.proof, external) : scanned;
}

/** {@link verify} for a decoded or scanned proof. */
export function verifyProof(
  system: StarkSystem,
  statement: Statement,
  proof: StarkProof | ScannedProof,
  external: ExternalInputs = {},
): StarkVerdict {
  const { logRows, roots, terminals, exposed, opening } = proof;
  const joint = { instances: 1, logRows, roots, claimed: [{ terminals, exposed }], opening };
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
  const scanned = scanJointProof(system, bytes);
  return scanned.ok ? verifyJointProof(system, statements, scanned.proof, external) : scanned;
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

/** {@link verifyJoint} for a decoded or scanned proof. */
export function verifyJointProof(
  system: StarkSystem,
  statements: readonly Statement[],
  proof: JointProof | ScannedJointProof,
  external: ExternalInputs = {},
): JointVerdict {
  assertStatements(system, statements);
  externalValues(system, external);
  const refuse = (reason: StarkRefusal): JointVerdict => ({ ok: false, reason });
  const { field } = system.parameters;
  const { instances: count, logRows, roots, claimed, opening } = proof;
  if (count !== statements.length) return refuse('other-instances');
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
  const weight = drawWeight(system, transcript);
  transcript.absorb('quotient', roots.at(-1)!);
  const point = transcript.extensionElement('out of domain', field);

  const plans = planRounds(system, logRows, count);
  const keys = preprocessedBatches(system).map(({ kind }, at) => [kind, preprocessed!.roots[at]!] as const);
  const rootOf: Partial<Record<RoundPlan['kind'], Uint8Array | undefined>> = {
    ...Object.fromEntries(keys),
    main: roots[0],
    auxiliary: roots[1],
    quotient: roots.at(-1),
  };
  const rounds = plans.map(({ kind, tables, covers, layout }) => {
    const { shapes, instances = 1, used = instances } = layout;
    const commitment: BatchCommitment = { root: rootOf[kind]!, shapes, instances, used };
    const points = tables.map((index) => (kind === 'quotient' ? [point] : pointsOf(system, point, logRows[index]!)));
    return { commitment, points: [...points, ...covers.map(() => [])] };
  });
  let opened: ScannedOpening | Evaluations;
  if (isScanned(opening)) {
    const refusal = verifyScannedOpening(system.parameters, rounds, opening, transcript);
    if (refusal !== undefined) return refuse(refusal);
    opened = opening;
  } else {
    const verdict = verifyOpening(system.parameters, rounds, opening, transcript);
    if (!verdict.ok) return verdict;
    opened = verdict.evaluations;
  }
  const heights = pointsOfHeights(field, point, logRows);
  if (heights === undefined) return refuse('unlucky-challenge');
  const challengeLists = system.arithmetizations.map((each) => each.challenges.map((name) => challenges.get(name)!));
  const sumMessages = 'bytes' in opened ? publicSumByKernels : publicSum;
  const tableHolds =
    'bytes' in opened
      ? checkScanned(system, plans, opened, weight, point, heights)
      : checkDecoded(system, plans, opened, weight, point, heights);
  for (const [instance, statement] of statements.entries()) {
    const { terminals, exposed } = claimed[instance]!;
    const publicLists = publicValueLists(system, statement);
    let terminal = 0;
    for (const [index, arithmetization] of system.arithmetizations.entries()) {
      const holds = tableHolds(index, instance, logRows[index]!, {
        publicValues: publicLists[index]!,
        challenges: challengeLists[index]!,
        terminal: arithmetization.hasTerminal ? terminals[terminal++]! : field.zero,
        exposed: exposed[index]!,
      });
      if (!holds) return refuse('constraints');
    }
    const unbalanced = checkBuses(system, statement, challenges, terminals, sumMessages);
    if (unbalanced !== undefined) return refuse(unbalanced);
  }
  return { ok: true, exposed: claimed.map(({ exposed }) => nameExposed(system, exposed)) };
}

/** Whether the constraints of a table hold in an instance, at the random point. */
type TableHolds = (
  table: number,
  instance: number,
  logRows: number,
  values: Pick<OpenedCells, 'publicValues' | 'challenges' | 'terminal' | 'exposed'>,
) => boolean;

/** Where the columns of a table of an instance are claimed: the round, the matrix in it, the first column and how many there are. */
interface Place {
  readonly round: number;
  readonly matrix: number;
  readonly first: number;
  readonly columns: number;
}

function placesOf(
  { commonTables }: StarkSystem,
  plans: readonly RoundPlan[],
): (kind: RoundPlan['kind'], table: number, instance: number) => Place | undefined {
  return (kind, table, instance) => {
    const own = kind === 'preprocessed' && commonTables.includes(table) ? 'common' : kind;
    const round = plans.findIndex((plan) => plan.kind === own);
    const matrix = plans[round]?.tables.indexOf(table) ?? -1;
    if (matrix < 0) return undefined;
    const { shapes, instances = 1 } = plans[round]!.layout;
    const { columns } = shapes[matrix]!;
    return { round, matrix, first: instances === 1 ? 0 : instance * columns, columns };
  };
}

/** By bigints. */
function checkDecoded(
  system: StarkSystem,
  plans: readonly RoundPlan[],
  evaluations: Evaluations,
  weight: ExtensionElement,
  point: ExtensionElement,
  heights: Map<number, PointOfHeight>,
): TableHolds {
  const weights = weightsOf(system, weight);
  const placeOf = placesOf(system, plans);
  const rows = (kind: RoundPlan['kind'], table: number, instance: number): readonly (readonly ExtensionElement[])[] => {
    const place = placeOf(kind, table, instance);
    if (place === undefined) return [[], []];
    const { round, matrix, first, columns } = place;
    return evaluations[round]![matrix]!.map((row) => row.slice(first, first + columns));
  };
  return (table, instance, logRows, values) => {
    const cells: OpenedCells = {
      main: rows('main', table, instance),
      auxiliary: rows('auxiliary', table, instance),
      preprocessed: rows('preprocessed', table, instance),
      ...values,
    };
    const [quotient] = rows('quotient', table, instance);
    const arithmetization = system.arithmetizations[table]!;
    return (
      checkAtPoint(system, arithmetization, logRows, point, quotient!, weights[table]!, cells, heights) === undefined
    );
  };
}

const NOTHING = /* @__PURE__ */ new Uint8Array();

/** By a kernel. */
function checkScanned(
  system: StarkSystem,
  plans: readonly RoundPlan[],
  { bytes, evaluations }: ScannedOpening,
  weight: ExtensionElement,
  point: ExtensionElement,
  heights: Map<number, PointOfHeight>,
): TableHolds {
  const most = Math.max(...system.arithmetizations.map(constraintCount));
  const checker = pointChecker(weight, most);
  const placeOf = placesOf(system, plans);
  const fromPieces = new Map(
    [...heights].map(([logRows, { rows }]) => [logRows, pieceFactor(system, logRows, point, rows)]),
  );
  const row = (place: Place | undefined, at: number): Uint8Array => {
    if (place === undefined) return NOTHING;
    const start = evaluations[place.round]![place.matrix]![at]! + ELEMENT_BYTES * place.first;
    return bytes.subarray(start, start + ELEMENT_BYTES * place.columns);
  };
  return (table, instance, logRows, values) => {
    const twoRows = (kind: RoundPlan['kind']): [Uint8Array, Uint8Array] => {
      const place = placeOf(kind, table, instance);
      return [row(place, 0), row(place, 1)];
    };
    const { factors } = heights.get(logRows)!;
    return checker.holds(system.arithmetizations[table]!, {
      main: twoRows('main'),
      auxiliary: twoRows('auxiliary'),
      preprocessed: twoRows('preprocessed'),
      quotient: row(placeOf('quotient', table, instance), 0),
      ...values,
      factors: ROW_KINDS.map((kind) => factors[kind]),
      fromPiece: fromPieces.get(logRows)!,
    });
  };
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
  const squares = [point];
  const zerofiers = distinct.map((logRows) => {
    while (squares.length <= logRows) squares.push(field.multiply(squares.at(-1)!, squares.at(-1)!));
    const rows = squares[logRows]!;
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

/** The point to the power of the coefficients of a quotient's pieces; `rows` is that to the power of the table's rows. */
function pieceFactor(
  { hiding, parameters: { field } }: StarkSystem,
  logRows: number,
  point: ExtensionElement,
  rows: ExtensionElement,
): ExtensionElement {
  if (hiding === undefined) return rows;
  return field.power(point, BigInt(2 ** committedLogRows(hiding, logRows) - hiding.piece));
}

/** Whether the weighted constraints, each kind over its zerofier, equal the quotient at the point. */
export function checkAtPoint(
  system: StarkSystem,
  arithmetization: Arithmetization,
  logRows: number,
  point: ExtensionElement,
  quotient: readonly ExtensionElement[],
  weights: readonly ExtensionElement[],
  opened: OpenedCells,
  heights: Map<number, PointOfHeight> | undefined = pointsOfHeights(system.parameters.field, point, [logRows]),
): StarkRefusal | undefined {
  const { field } = system.parameters;
  const atHeight = heights?.get(logRows);
  if (atHeight === undefined) return 'unlucky-challenge';
  const { rows, factors } = atHeight;
  const sums = pointProgram(arithmetization)(weights, opened);
  const expected = ROW_KINDS.map((kind, at) => field.multiply(sums[at]!, factors[kind])).reduce(field.add, field.zero);
  const fromPiece = pieceFactor(system, logRows, point, rows);
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
  sumMessages: typeof publicSum,
): StarkRefusal | undefined {
  const [offset, ratio] = [challenges.get('lookup offset'), challenges.get('lookup ratio')];
  let sum = terminals.reduce(field.add, field.zero);
  if (publicMessages.length > 0 && offset !== undefined && ratio !== undefined) {
    const added = sumMessages(publicMessages, buses, [offset, ratio], field);
    if (added === undefined) return 'unlucky-challenge';
    sum = field.add(sum, added);
  }
  return field.equals(sum, field.zero) ? undefined : 'buses';
}
