/**
 * The page of the machine's tables and those of the paged link: widths, degrees, names of columns and constraints, and what goes over which bus.
 *
 * @module
 */
import { arithmetize, type ColumnRecord, constraintsOf, numberBuses, type Table } from '@commute/stark';
import { createStateLink, machineTables } from '../src/index.ts';

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
  const alike = new Map<string, string[]>();
  for (const { name, rows, root } of constraints) {
    const kind = { first: ', first row', last: ', last row', every: '', transition: ', to the next row' }[rows];
    const line = `- ${name} (degree ${String(graph.facts(root).degree)}${kind})`;
    const key = line.replace(/ \d+\b/, ' #');
    alike.set(key, [...(alike.get(key) ?? []), line]);
  }
  // Those that are counted from 0, and differ in nothing else, are one line.
  const constrained = [...alike].flatMap(([key, lines]) => {
    const isCounted = lines.length > 1 && lines.every((line, k) => line === key.replace('#', String(k)));
    return isCounted ? [key.replace('#', `0 to ${String(lines.length - 1)}`)] : lines;
  });
  const sent = new Map<string, number>();
  for (const { bus, direction, tuple } of messages) {
    const key = `${direction === 'send' ? 'sends to' : 'receives from'} \`${bus}\`, ${String(tuple.length)} terms`;
    sent.set(key, (sent.get(key) ?? 0) + 1);
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
    ...section('Constraints', constrained),
  ];
}

/** The page, in Markdown. */
export function describeTables(): string {
  const machine = machineTables({ multiply: true, misaligned: true });
  const tables = [...machine, ...createStateLink('paged').tables];
  const buses = numberBuses(tables);
  const rows = tables.map((table) => {
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
    '# Tables of the micro machine and of the paged link',
    '',
    'Made by `scripts/describe-tables.ts` from the tables themselves; a test compares. After a change of the tables:',
    '`npx vitest run packages/continuation/test/tables-page.test.ts -u`.',
    '',
    'Each auxiliary column holds up to three messages of a row, or their running sum, and counts as three columns of the base field.',
    'The width of a table, times its height, divided by the cycles of a segment, is what it costs per cycle; the tables behind the processor are',
    'only as high as they are used. Those whose columns belong to the statement have the same height in every segment. The last four are those of the',
    'paged link; `paged link` has besides the columns of a legal key.',
    '',
    '| table | columns | helpers | auxiliary | of the statement | messages | constraints | highest degree | width |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...rows,
    '',
    ...tables.flatMap(describe),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}
