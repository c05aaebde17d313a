/**
 * The mutation harness: does anybody notice a changed cell, and does every constraint matter?
 *
 * @module
 */
import { add, MODULUS, subtract } from '@commute/field';
import { assertBuses, type PublicMessage } from './check.ts';
import { cubicValues } from './concrete.ts';
import { StarkError } from './errors.ts';
import { type CellPlace, MutableStatement } from './mutable-statement.ts';
import { repair } from './repair.ts';
import { constraintsOf } from './symbolic.ts';
import { assertTrace, type TableTrace } from './trace.ts';
import { type Value } from './term.ts';

/** A cell or public value that was changed. */
export interface Mutation {
  readonly table: string;
  readonly area: 'main' | 'auxiliary' | 'public';
  readonly column: string;
  /** 0 for public values. */
  readonly row: number;
  readonly before: Value;
  readonly after: Value;
}

/** Something whose deletion nobody notices. */
export type Redundant =
  | { readonly kind: 'constraint'; readonly table: string; readonly constraint: string }
  | { readonly kind: 'bus'; readonly bus: string };

/** What {@link mutateTraces} finds. */
export interface MutationReport {
  /** Whether every change was noticed and every constraint and bus is needed. */
  readonly ok: boolean;
  /** Changes tried. */
  readonly mutations: number;
  /** Changes that all constraints and buses accept. */
  readonly unnoticed: readonly Mutation[];
  /** Constraints and buses without which no rejected trace was found that would be accepted. */
  readonly redundant: readonly Redundant[];
}

/** Options of {@link mutateTraces}. */
export interface MutationOptions {
  readonly publicMessages?: readonly PublicMessage[];
  /** Further values to put into a cell of the base field, by its honest value. */
  readonly perturbations?: readonly ((value: bigint) => bigint)[];
  /** Cells that an honest prover may choose freely; changing them is not reported. */
  readonly isFree?: (mutation: Omit<Mutation, 'before' | 'after'>) => boolean;
  /** Rejected traces of the author's own, to show constraints to be needed that changes of one cell and repairs do not. */
  readonly hostile?: readonly (readonly TableTrace[])[];
  /** Cells that are changed, after the first one, to let a single constraint object; 64 by default. */
  readonly repairSteps?: number;
  /** Changes to start repairs from, for each constraint; 48 by default. */
  readonly repairAttempts?: number;
}

const PERTURBATIONS: readonly ((value: bigint) => bigint)[] = [
  (value) => add(value, 1n),
  (value) => subtract(value, 1n),
  () => 0n,
  () => 1n,
  (value) => add(value, value),
  (value) => add(value, 1n << 32n),
  (value) => MODULUS - 1n - value,
];

/** All places of a statement. */
function placesOf(statement: MutableStatement): CellPlace[] {
  return statement.tables.flatMap((each, table) => [
    ...(['main', 'auxiliary'] as const).flatMap((area) =>
      each[area].flatMap((values, column) => values.map((_, row): CellPlace => ({ table, area, column, row }))),
    ),
    ...each.publicValues.map((_, column): CellPlace => ({ table, area: 'public', column, row: 0 })),
  ]);
}

/** Values to put into a place, all different from the honest one. */
function replacements(
  statement: MutableStatement,
  place: CellPlace,
  perturbations: readonly ((value: bigint) => bigint)[],
): Value[] {
  const before = statement.get(place);
  const { extension } = cubicValues();
  if (typeof before !== 'bigint') {
    return [[1n, 0n, 0n] as const, [0n, 1n, 0n] as const, [0n, 0n, 1n] as const].map((each) =>
      extension.add(before, each),
    );
  }
  const values = new Set(perturbations.map((change) => change(before)));
  const { rows } = statement.tables[place.table]!;
  if (place.area === 'main') values.add(statement.get({ ...place, row: (place.row + 1) % rows }) as bigint);
  values.delete(before);
  return [...values];
}

/**
 * Changes each cell and each public value of honest traces, several ways, one at a time; then asks of each constraint and each
 * bus whether it is needed.
 *
 * A change is unnoticed if all constraints hold and all buses balance nevertheless. A constraint or bus is needed if there
 * is a trace that nothing else rejects: one of the changes, one of the author's `hostile` traces, or one that
 * follows from a change by repairing, cell by cell, all else that objects. What is reported as redundant may still be needed where
 * the search was too weak; such a constraint wants a hostile trace of its own. Declared auxiliary columns are computed
 * anew after a change of a main cell, and changed themselves too.
 *
 * @param traces - short ones: the work is about the square of the number of cells in a row times rows, in evaluations of `eval`.
 * @throws {@link StarkError} `STARK_TRACE` unless the traces are accepted as they are, and hostile ones rejected.
 * @example
 * ```ts
 * import { column, defineTable, mutateTraces, traceFromRows } from '@commute/stark';
 * const bits = defineTable({ name: 'bits', columns: { main: { bit: column(), spare: column() } }, eval: (builder) => {
 *   builder.assertZero('bit is zero', builder.main.current.bit);
 * } });
 * const report = mutateTraces([traceFromRows(bits, { main: [{ bit: 0n, spare: 0n }] })]);
 * if (!report.unnoticed.every(({ column }) => column === 'spare')) throw new Error('unreachable');
 * ```
 */
export function mutateTraces(traces: readonly TableTrace[], options: MutationOptions = {}): MutationReport {
  const { publicMessages = [], isFree = () => false, repairSteps = 64, repairAttempts = 48 } = options;
  const perturbations = [...PERTURBATIONS, ...(options.perturbations ?? [])];
  assertBuses(
    traces.map(({ table }) => table),
    publicMessages,
  );
  const statement = new MutableStatement(traces, publicMessages);
  const [objection] = statement.obligations;
  if (objection !== undefined) {
    throw new StarkError('STARK_TRACE', 'traces', 'honest ones', `ones rejected by ${describe(traces, objection)}`);
  }
  const needed = new Set<string>();
  const starts = new Map<string, { place: CellPlace; value: Value }[]>();
  const unnoticed: Mutation[] = [];
  let mutations = 0;
  for (const place of placesOf(statement)) {
    const before = statement.get(place);
    const named = nameOf(traces, place);
    for (const after of replacements(statement, place, perturbations)) {
      mutations++;
      statement.set(place, after);
      const { obligations } = statement;
      if (obligations.size === 0 && !isFree(named)) unnoticed.push({ ...named, before, after });
      for (const each of obligations) {
        if (obligations.size === 1) needed.add(each);
        const list = starts.get(each) ?? [];
        starts.set(each, list);
        list.push({ place, value: after });
      }
      statement.set(place, before);
    }
  }
  for (const hostile of options.hostile ?? []) {
    const obligations = obligationsOf(statement, traces, hostile, publicMessages);
    if (obligations.size === 0) throw new StarkError('STARK_TRACE', 'hostile', 'rejected traces', 'accepted ones');
    if (obligations.size === 1) for (const each of obligations) needed.add(each);
  }
  const redundant = allObligations(traces)
    .filter((each) => !needed.has(each))
    .filter((each) => {
      const list = starts.get(each) ?? [];
      // Spread over all places rather than the first rows only.
      const stride = Math.max(1, Math.floor(list.length / repairAttempts));
      return !list.some((start, index) => index % stride === 0 && isForged(statement, each, start, repairSteps));
    })
    .map((each) => redundantOf(traces, each));
  return { ok: unnoticed.length === 0 && redundant.length === 0, mutations, unnoticed, redundant };
}

/** What rejects hostile traces: evaluated where they differ from the honest ones, if they are of the same heights. */
function obligationsOf(
  statement: MutableStatement,
  traces: readonly TableTrace[],
  hostile: readonly TableTrace[],
  publicMessages: readonly PublicMessage[],
): ReadonlySet<string> {
  const sameShape =
    hostile.length === traces.length &&
    hostile.every(({ table, trace }, index) => {
      const honest = traces[index]!;
      const isPlain = table.names.preprocessed.length === 0 && table.exposed.length === 0;
      return table === honest.table && trace.rows === honest.trace.rows && isPlain;
    });
  if (!sameShape) return new MutableStatement(hostile, publicMessages).obligations;
  const before: { place: CellPlace; value: Value }[] = [];
  const change = (place: CellPlace, value: bigint): void => {
    const old = statement.get(place);
    if (old === value) return;
    before.push({ place, value: old });
    statement.set(place, value);
  };
  hostile.forEach(({ table: owner, trace }, table) => {
    assertTrace(owner, trace);
    trace.main.forEach((values, column) => {
      values.forEach((value: bigint, row: number) => {
        change({ table, area: 'main', column, row }, value);
      });
    });
    trace.publicValues.forEach((value, column) => {
      change({ table, area: 'public', column, row: 0 }, value);
    });
  });
  const { obligations } = statement;
  for (const { place, value } of before.reverse()) statement.set(place, value);
  return obligations;
}

/** Whether repairs after a change, down the rows or up, leave exactly one obligation failing; the statement is restored. */
function isForged(
  statement: MutableStatement,
  deleted: string,
  { place, value }: { readonly place: CellPlace; readonly value: Value },
  steps: number,
): boolean {
  return (['down', 'up'] as const).some((direction) => {
    const changes = [{ place, before: statement.get(place) }];
    statement.set(place, value);
    // From here on auxiliary columns are the forger's own.
    statement.refill = false;
    const forged = repair(statement, deleted, place, steps, direction, changes);
    for (const { place: at, before } of changes.reverse()) statement.set(at, before);
    statement.refill = true;
    // Once more, for the auxiliary columns that the first change had moved.
    if (place.area !== 'auxiliary') statement.set(place, statement.get(place));
    return forged;
  });
}

function allObligations(traces: readonly TableTrace[]): string[] {
  const buses = new Set<string>();
  const constraints = traces.flatMap(({ table }, index) => {
    const system = constraintsOf(table);
    for (const { bus } of system.messages) buses.add(`bus ${bus}`);
    return system.constraints.map((_, constraint) => `${String(index)}:${String(constraint)}`);
  });
  return [...constraints, ...buses];
}

function redundantOf(traces: readonly TableTrace[], obligation: string): Redundant {
  if (obligation.startsWith('bus ')) return { kind: 'bus', bus: obligation.slice(4) };
  const [index, constraint] = obligation.split(':').map(Number) as [number, number];
  const { table } = traces[index]!;
  return { kind: 'constraint', table: table.name, constraint: constraintsOf(table).constraints[constraint]!.name };
}

function describe(traces: readonly TableTrace[], obligation: string): string {
  const found = redundantOf(traces, obligation);
  return found.kind === 'bus' ? `bus ${found.bus}` : `${found.table}: ${found.constraint}`;
}

function nameOf(
  traces: readonly TableTrace[],
  { table, area, column, row }: CellPlace,
): Omit<Mutation, 'before' | 'after'> {
  const owner = traces[table]!.table;
  return {
    table: owner.name,
    area,
    column: (area === 'public' ? owner.publicValues : owner.names[area])[column]!,
    row,
  };
}

/** A report as lines of text; empty where everything is noticed. */
export function formatMutations(report: MutationReport): string {
  return [
    ...report.unnoticed.map(
      ({ table, area, column, row, before, after }) =>
        `unnoticed: ${table}, ${area}.${column}[${String(row)}] from ${String(before)} to ${String(after)}`,
    ),
    ...report.redundant.map((each) =>
      each.kind === 'bus' ? `redundant: bus ${each.bus}` : `redundant: ${each.table}: "${each.constraint}"`,
    ),
  ].join('\n');
}
