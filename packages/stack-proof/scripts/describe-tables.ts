/**
 * The page of the stack machine's tables: widths, degrees, columns, and what goes over which bus.
 *
 * @module
 */
import { arithmetize, type ColumnRecord, constraintsOf, numberBuses, type Table } from '@commute/stark';
import { STACK_TABLES } from '../src/index.ts';

/** Base-field columns that an auxiliary column takes. */
const EXTENSION = 3;

function list(record: ColumnRecord): string[] {
  return Object.entries(record).map(([name, entry]) => {
    const count = entry.kind === 'columns' ? `[0..${String(entry.count - 1)}]` : '';
    return `- \`${name}${count}\`${entry.description === '' ? '' : `: ${entry.description}`}`;
  });
}

function describe(table: Table): string[] {
  const { graph, constraints, messages } = constraintsOf(table);
  const { main, preprocessed } = table.columns;
  const sent = new Map<string, number>();
  for (const { bus, direction, tuple } of messages) {
    const key = `${direction === 'send' ? 'sends to' : 'receives from'} \`${bus}\`, ${String(tuple.length)} terms`;
    sent.set(key, (sent.get(key) ?? 0) + 1);
  }
  // Those that differ in a number only are one line.
  const alike = new Map<string, number>();
  for (const { name, rows, root } of constraints) {
    const kind = { first: ', first row', last: ', last row', every: '', transition: ', to the next row' }[rows];
    const line = `- ${name.replace(/\d+/, '#')} (degree ${String(graph.facts(root).degree)}${kind})`;
    alike.set(line, (alike.get(line) ?? 0) + 1);
  }
  const section = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : [`${title}:`, '', ...lines, ''];
  return [
    `## ${table.name}`,
    '',
    ...section('Columns', list(main)),
    ...section('Columns that belong to the statement', list(preprocessed)),
    ...section(
      'Public values',
      table.publicValues.map((name) => `- \`${name}\``),
    ),
    ...section(
      'Messages per row',
      [...sent].map(([key, count]) => `- ${key}${count === 1 ? '' : `, ${String(count)} times`}`),
    ),
    ...section(
      'Constraints',
      [...alike].map(([line, count]) => (count === 1 ? line : `${line}, ${String(count)} of them`)),
    ),
  ];
}

/** The page, in Markdown. */
export function describeTables(): string {
  const buses = numberBuses(STACK_TABLES);
  const rows = STACK_TABLES.map((table) => {
    const { graph, constraints, messages } = constraintsOf(table);
    const { names, helpers } = arithmetize(table, { buses });
    const degrees = constraints.map(({ root }) => graph.facts(root).degree);
    const cells = [
      table.name,
      table.names.main.length,
      helpers.length,
      names.auxiliary.length,
      table.names.preprocessed.length,
      messages.length,
      constraints.length,
      Math.max(0, ...degrees),
      names.main.length + EXTENSION * names.auxiliary.length,
    ];
    return `| ${cells.map(String).join(' | ')} |`;
  });
  return [
    '# Tables of the stack machine',
    '',
    'Made by `scripts/describe-tables.ts` from the tables themselves; a test compares. After a change of the tables:',
    '`npx vitest run packages/stack-proof/test/tables-page.test.ts -u`.',
    '',
    'Each auxiliary column holds up to three messages of a row, or their running sum, and counts as three columns of the base field.',
    'The processor has a row for each cycle; other tables are as high as they are used. Those whose columns belong to the statement have the same height in every segment.',
    '',
    '| table | columns | helpers | auxiliary | of the statement | messages | constraints | highest degree | width |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...rows,
    '',
    ...STACK_TABLES.flatMap(describe),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}
