/**
 * The symbolic builder: constraints as nodes of a graph.
 *
 * @module
 */
import { type Direction, type RowKind } from './builder.ts';
import { StarkError } from './errors.ts';
import { ExpressionGraph, type NodeFacts, symbolicIndex, SymbolicTerm } from './graph.ts';
import { type Table } from './table.ts';
import { constantOf, type Term } from './term.ts';

/** A named constraint: its node is zero on the rows it speaks of. */
export interface Constraint {
  readonly name: string;
  readonly rows: RowKind;
  /** Number of the node. */
  readonly root: number;
}

/** A tuple that each row sends or receives. */
export interface Message {
  readonly bus: string;
  readonly direction: Direction;
  /** Numbers of the nodes. */
  readonly tuple: readonly number[];
  readonly multiplicity: number;
}

/** An auxiliary column that is given by its first cell and, for each row, the cell of the next. */
export interface RecurrentColumn {
  readonly column: number;
  /** Numbers of the nodes. */
  readonly first: number;
  readonly next: number;
}

/** All that `eval` of a table says. */
export interface ConstraintSystem {
  readonly table: Table;
  readonly graph: ExpressionGraph;
  readonly constraints: readonly Constraint[];
  readonly messages: readonly Message[];
  /** In the order of their columns. */
  readonly recurrences: readonly RecurrentColumn[];
}

const known = /* @__PURE__ */ new WeakMap<Table, ConstraintSystem>();

/**
 * The constraints and messages of a table; computed once per table.
 *
 * @throws {@link StarkError} `STARK_TABLE` for a name given twice, or a message with terms of the extension; `STARK_NEXT_ROW`
 *   where a cell of the next row is read by a message or by a constraint on other rows than transitions, or where a
 *   recurrence reads what is filled after it; `STARK_TERM`.
 */
export function constraintsOf(table: Table): ConstraintSystem {
  let system = known.get(table);
  if (system === undefined) {
    system = build(table);
    known.set(table, system);
  }
  return system;
}

function build(table: Table): ConstraintSystem {
  const graph = new ExpressionGraph();
  const constraints: Constraint[] = [];
  const messages: Message[] = [];
  const recurrences: RecurrentColumn[] = [];
  const term = (index: number): Term => new SymbolicTerm(graph, index);
  const names = new Set<string>();
  table.run({
    cell: (area, column, next) => term(graph.add({ kind: 'cell', area, column, next })),
    publicValue: (index) => term(graph.add({ kind: 'public', index })),
    challenge: (index) => term(graph.add({ kind: 'challenge', index })),
    exposed: (index) => term(graph.add({ kind: 'exposed', index })),
    basis: (power) => term(power === 0 ? graph.constant(1n) : graph.add({ kind: 'basis', power })),
    constant: (value) => term(graph.constant(constantOf(value))),
    constraint: (name, rows, value) => {
      if (names.has(name))
        throw new StarkError('STARK_TABLE', table.name, 'different constraint names', `${name} twice`);
      names.add(name);
      const root = symbolicIndex(graph, value);
      if (rows !== 'transition' && graph.facts(root).readsNext) {
        throw new StarkError('STARK_NEXT_ROW', `${table.name}: ${name}`, 'cells of this row', 'one of the next row');
      }
      constraints.push({ name, rows, root });
    },
    message: (bus, direction, tuple, multiplicity) => {
      const message = {
        bus,
        direction,
        tuple: tuple.map((each) => symbolicIndex(graph, each)),
        multiplicity: symbolicIndex(graph, multiplicity),
      };
      for (const index of [...message.tuple, message.multiplicity]) {
        const { extension, readsNext } = graph.facts(index);
        if (readsNext) {
          throw new StarkError(
            'STARK_NEXT_ROW',
            `${table.name}: bus ${bus}`,
            'cells of this row',
            'one of the next row',
          );
        }
        if (extension) {
          throw new StarkError(
            'STARK_TABLE',
            `${table.name}: bus ${bus}`,
            'terms of the base field',
            'a term of the extension',
          );
        }
      }
      messages.push(message);
    },
    recurrence: (column, first, next) => {
      recurrences.push({ column, first: symbolicIndex(graph, first), next: symbolicIndex(graph, next) });
    },
  });
  assertFillable(table, graph, recurrences);
  return { table, graph, constraints, messages, recurrences };
}

/** Each recurrence may read, of its first row or of the next, only cells that are known then. */
function assertFillable(table: Table, graph: ExpressionGraph, recurrences: readonly RecurrentColumn[]): void {
  const recurrent = new Set(recurrences.map(({ column }) => column));
  for (const { column, first, next } of recurrences) {
    for (const [root, following] of [
      [first, false],
      [next, true],
    ] as const) {
      const below = graph.below([root]);
      if (below.some((index) => graph.node(index).kind === 'exposed')) {
        const name = `${table.name}: ${table.names.auxiliary[column]!}`;
        throw new StarkError('STARK_TABLE', name, 'a recurrence without exposed values', 'one with');
      }
      const early = below.find((index) => {
        const node = graph.node(index);
        const isThere = node.kind === 'cell' && node.area === 'auxiliary' && node.next === following;
        return isThere && recurrent.has(node.column) && node.column >= column;
      });
      if (early === undefined) continue;
      const name = table.names.auxiliary[column]!;
      const got = `one of ${table.names.auxiliary[(graph.node(early) as { column: number }).column]!}`;
      throw new StarkError('STARK_NEXT_ROW', `${table.name}: ${name}`, 'cells of that row that are filled before', got);
    }
  }
}

/** Facts of a constraint. */
export function constraintFacts(system: Pick<ConstraintSystem, 'graph'>, constraint: Constraint): NodeFacts {
  return system.graph.facts(constraint.root);
}
