/*
 * Writes docs/refusals.md from copies of repositories: `node --conditions=@commute/source scripts/refusals.ts owner/name=folder ...`. Parses every `.rho` file
 * below the folders and tells why those are refused that are. What no rule explains is listed by file, so that it is looked into.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parse, type Diagnostic } from '../src/index.ts';

interface Refused {
  readonly source: string;
  /** The source without comments. */
  readonly code: string;
  readonly first: Diagnostic;
  readonly file: string;
}

/** Why files are refused, the first that fits. */
const RULES: readonly (readonly [why: string, fits: (refused: Refused) => boolean])[] = [
  [
    'a test file of the grammar generator: its programs parse once the headings and trees are cut out',
    ({ source }) => /^={3,}\s*$/m.test(source),
  ],
  [
    'input of a linker that pastes packages together (`export`, `import`), not a program',
    ({ code }) => /^\s*(?:export|import)\b/m.test(code),
  ],
  ['wrong on purpose', ({ file }) => /(?:invalid|_rejected)\.rho$/.test(file)],
  ['agents, an extension after 1.1', ({ code }) => /\bagent\b/.test(code)],
  ['path maps, an extension after 1.1', ({ code }) => code.includes('{|')],
  [
    'a template: a placeholder is filled in before it is parsed',
    ({ code }) => /\$\$|\$\{|\$[A-Za-z_]/.test(code) || /(?<!%)%[A-Z_]{2,}/.test(code),
  ],
  [
    'numbers with a width, rationals, floats and fixed point, an extension after 1.1',
    ({ first }) => first.reason === 'unsupported-syntax' && first.message.includes('suffix of a width'),
  ],
  [
    'a process without braces as an operand or as what `match` looks at; both grammars refuse it too',
    ({ first }) => first.message.startsWith('operand: '),
  ],
  [
    'the Rholang of 2017, before `!` marked sends, or the `match … with` and `new Map()` of that time',
    ({ first, code }) =>
      /^`(?:for|contract)`: expected .*got [`({]/.test(first.message) ||
      /^bind: .*got `rtn`/.test(first.message) ||
      first.found === 'with' ||
      /\bnew Map\(\)/.test(code),
  ],
  [
    'a `|` is missing between two processes',
    ({ first }) => first.message.startsWith('braces: expected `|`') && /^[a-z]/.test(first.found),
  ],
  [
    'one program per line, a session of a shell',
    ({ first }) => first.message.startsWith('process: expected `|` or end of file') && first.column === 1,
  ],
];

function* programs(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((one, two) => (one.name < two.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* programs(path);
    else if (entry.name.endsWith('.rho')) yield path;
  }
}

function reasonFor(refused: Refused): string {
  const rule = RULES.find(([, fits]) => fits(refused));
  return rule?.[0] ?? `not explained: ${refused.file}, ${refused.first.message}`;
}

/** Cells of a table, with what would end one escaped. */
function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

const totals: string[] = [];
const reasons = new Map<string, { count: number; repositories: Set<string> }>();
for (const argument of process.argv.slice(2)) {
  const [repository = '', folder = ''] = argument.split('=');
  let [files, parsed] = [0, 0];
  for (const path of programs(folder)) {
    files += 1;
    const source = readFileSync(path, 'utf8');
    const result = parse(source);
    if (result.ok) {
      parsed += 1;
      continue;
    }
    const code = source.replace(/\/\/[^\n]*|\/\*[^]*?\*\//g, '');
    const reason = reasonFor({ source, code, first: result.diagnostics[0]!, file: relative(folder, path) });
    const known = reasons.get(reason) ?? { count: 0, repositories: new Set<string>() };
    known.count += 1;
    known.repositories.add(repository);
    reasons.set(reason, known);
  }
  totals.push(row([repository, String(files), String(parsed)]));
}

const explained = [...reasons].sort(([, one], [, two]) => two.count - one.count);
const page = `# What is refused, and why

All \`.rho\` files of three public repositories, as of ${new Date().toISOString().slice(0, 10)}, given to \`parse\`. Nothing of them is part of this package. Written by \`scripts/refusals.ts\` from copies of them.

| repository | files | parsed |
| --- | --- | --- |
${totals.join('\n')}

Every refusal, by reason:

| reason | files | repositories |
| --- | --- | --- |
${explained.map(([reason, { count, repositories }]) => row([reason, String(count), [...repositories].join(', ')])).join('\n')}

The test files of the grammar generator hold 80 programs: 72 parse, 8 are several processes side by side without \`|\`, which is a
convenience of that test harness.
`;
writeFileSync(join(import.meta.dirname, '..', 'docs', 'refusals.md'), page);
