/** One example as it stands in a document or a docstring. */
export interface Example {
  /** Path of the document or source file, relative to the workspace, with forward slashes. */
  readonly file: string;
  /** Line of the first line of code, from 1. */
  readonly line: number;
  readonly code: string;
}

/** What was found in one file. */
export interface Extraction {
  readonly examples: readonly Example[];
  /** Examples that are not written as a fence, or import what the reader was not told to install, one message each. */
  readonly complaints: readonly string[];
}

const fenceStart = /^\s*```ts(?<rest>.*)$/;
const fenceEnd = /^\s*```\s*$/;

/** Collects the `ts` fences in `lines`, of which the first is line `firstLine` of `file`. `ts no-run` fences are left out. */
function fences(file: string, lines: readonly string[], firstLine: number): Example[] {
  const found: Example[] = [];
  let open: { line: number; code: string[]; run: boolean; indent: number } | undefined;
  for (const [index, line] of lines.entries()) {
    if (open === undefined) {
      const start = fenceStart.exec(line);
      if (start === null) continue;
      const rest = start.groups!['rest']!.trim();
      if (rest !== '' && rest !== 'no-run') continue;
      open = { line: firstLine + index + 1, code: [], run: rest === '', indent: line.search(/\S/) };
    } else if (fenceEnd.test(line)) {
      if (open.run) found.push({ file, line: open.line, code: open.code.join('\n') });
      open = undefined;
    } else {
      open.code.push(line.slice(Math.min(open.indent, Math.max(line.search(/\S/), 0))));
    }
  }
  return found;
}

/** Name of the package that a specifier is of; undefined for a file or a part of Node. */
function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith('.') || specifier.startsWith('node:')) return undefined;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Examples of a Markdown document: its `ts` fences. Where it says `npm install`, they import nothing else. */
export function fromMarkdown(file: string, text: string): Extraction {
  const examples = fences(file, text.split('\n'), 1);
  const installed = [...text.matchAll(/^npm install(.*)$/gm)].flatMap(([, names = '']) => names.trim().split(/\s+/));
  if (installed.length === 0) return { examples, complaints: [] };
  const complaints = examples.flatMap(({ line, code }) => {
    const imported = [...code.matchAll(/^(?:import|\}) .*?from '([^']+)'/gm)].map(([, specifier = '']) =>
      packageOf(specifier),
    );
    return [...new Set(imported)]
      .filter((name) => name !== undefined && !installed.includes(name))
      .map((name) => `${file}:${String(line)}: imports ${name ?? ''}, which \`npm install\` above does not name`);
  });
  return { examples, complaints };
}

/** Examples of a source file: the `ts` fences of each `@example` in a docstring. */
export function fromSource(file: string, text: string): Extraction {
  const examples: Example[] = [];
  const complaints: string[] = [];
  for (const match of text.matchAll(/^[ \t]*\/\*\*[^]*?\*\//gm)) {
    const firstLine = text.slice(0, match.index).split('\n').length;
    const lines = match[0].split('\n').map((line) => line.replace(/^[ \t]*(\/\*\*|\*\/|\*) ?/, ''));
    for (const [index, line] of lines.entries()) {
      if (!/^@example\b/.test(line)) continue;
      const next = lines.findIndex((other, at) => at > index && /^@\w/.test(other));
      const body = lines.slice(index, next < 0 ? undefined : next);
      if (!body.some((other) => other.startsWith('```'))) {
        complaints.push(`${file}:${String(firstLine + index)}: @example without a fence`);
      }
      examples.push(...fences(file, body, firstLine + index));
    }
  }
  return { examples, complaints };
}
