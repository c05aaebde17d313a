/*
 * A dishonest prover's tools: traces that are changed wherever that makes them consistent, so that only what a lie is about objects.
 */
import { reduce } from '@commute/field';
import { checkTraces, type PublicMessage, type TableTrace } from '@commute/stark';
import { type TouchedCell } from '@commute/continuation';
import { boundaryMessages, type Run, segmentStatement } from './support.ts';

/** The cells of a row by name, groups as `name[k]`. */
export type Cells = Record<string, bigint>;

/** Traces of one segment that may be changed. */
export class Forged {
  readonly traces: {
    readonly table: TableTrace['table'];
    readonly main: bigint[][];
    readonly trace: TableTrace['trace'];
  }[];
  touched: TouchedCell[];
  messages: PublicMessage[];

  constructor(run: Run, index = 0) {
    const { traces } = segmentStatement(run, index);
    this.traces = traces.map(({ table, trace }) => ({ table, trace, main: trace.main.map((column) => [...column]) }));
    this.touched = [...run.segments[index]!.touched];
    // Those behind are the link's.
    this.messages = segmentStatement(run, index).publicMessages.filter(({ bus }) => bus === 'stream');
  }

  /** Changes rows of a table: `change` gets the cells of each row, and what it puts there counts. */
  rows(name: string, change: (cells: Cells, row: number) => void): this {
    const { table, main } = this.traces.find((each) => each.table.name === name)!;
    for (let row = 0; row < main[0]!.length; row++) {
      const cells: Cells = Object.fromEntries(table.names.main.map((each, k) => [each, main[k]![row]!]));
      const names = Object.keys(cells).length;
      change(cells, row);
      if (Object.keys(cells).length !== names) throw new Error(`no such column of ${name}`);
      table.names.main.forEach((each, k) => (main[k]![row] = reduce(cells[each]!)));
    }
    return this;
  }

  /** Puts a value in the place of another one in all columns of a table, in rows from a time on. */
  replace(name: string, value: bigint, other: bigint, from = 0n): this {
    return this.rows(name, (cells) => {
      if ((cells['time'] ?? 0n) < from) return;
      for (const [column, cell] of Object.entries(cells)) if (cell === value) cells[column] = other;
    });
  }

  /** Changes what is said of a cell. */
  touch(key: bigint, change: Partial<TouchedCell>): this {
    const known = this.touched.find((cell) => cell.key === key);
    const cell = { key, before: 0n, after: 0n, lastTime: 0n, ...known, ...change };
    this.touched = [...this.touched.filter((each) => each.key !== key), cell];
    return this;
  }

  /** Names of the constraints and buses that object, each once, after lookups of bytes are counted as they are asked for. */
  objections(): string[] {
    const traces = (): TableTrace[] =>
      this.traces.map(({ table, trace, main }) => ({ table, trace: { ...trace, main } }));
    const publicMessages = [...this.messages, ...boundaryMessages({ touched: this.touched })];
    const check = (): ReturnType<typeof checkTraces> =>
      checkTraces(traces(), { publicMessages, mostFailures: Infinity });
    const first = check();
    if (!first.ok) {
      for (const failure of first.failures) {
        if (failure.kind !== 'bus' || !['bytes', 'instruction'].includes(failure.bus)) continue;
        const { table, main, trace } = this.traces.find((each) => each.table.name === failure.bus)!;
        const row = trace.preprocessed[0]!.indexOf(failure.tuple[0]!);
        const column = table.names.main.indexOf(failure.bus === 'bytes' ? 'checked' : 'executions');
        if (row >= 0) main[column]![row]! += failure.balance;
      }
    }
    const report = check();
    if (report.ok) return [];
    return [
      ...new Set(report.failures.map((each) => (each.kind === 'bus' ? `bus ${each.bus}` : each.constraint))),
    ].sort();
  }
}
