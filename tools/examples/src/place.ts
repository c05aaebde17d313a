import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fromMarkdown, fromSource, type Example, type Extraction } from './extract.ts';

/** An example written to a file that can be run from inside the package it belongs to. */
export interface Placed {
  readonly example: Example;
  /** Folder of the package, absolute. */
  readonly folder: string;
  /** File to run, absolute. Its line numbers are those of the document. */
  readonly file: string;
}

/** Where examples are written, inside each package; ignored by git. */
const place = path.join('out', 'examples');

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** All examples of the workspace: of each package's README and source, of the root README, and of the pages under `docs/`. */
export function collect(root: string): Extraction & { readonly packages: readonly string[] } {
  const slashes = (file: string): string => file.split(path.sep).join('/');
  const packages = readdirSync(path.join(root, 'packages'))
    .filter((name) => existsSync(path.join(root, 'packages', name, 'package.json')))
    .sort();
  const documents = globSync(['README.md', 'docs/**/*.md', 'packages/*/README.md'], { cwd: root }).map(slashes);
  const sources = globSync('packages/*/src/**/*.ts', { cwd: root }).map(slashes);
  const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
  const all = [
    ...documents.sort().map((file) => fromMarkdown(file, read(file))),
    ...sources.sort().map((file) => fromSource(file, read(file))),
  ];
  return {
    packages,
    examples: all.flatMap((each) => each.examples),
    complaints: all.flatMap((each) => each.complaints),
  };
}

/** Writes each example into the package it belongs to, after emptying the folders of an earlier run. */
export function placeAll(root: string, packages: readonly string[], examples: readonly Example[]): Placed[] {
  for (const name of packages) rmSync(path.join(root, 'packages', name, place), { recursive: true, force: true });
  return examples.map((example) => {
    const folder = path.join(root, 'packages', homeOf(root, packages, example));
    const name = `${example.file.replace(/[^\w.-]+/g, '__')}-${String(example.line)}.ts`;
    const file = path.join(folder, place, name);
    mkdirSync(path.dirname(file), { recursive: true });
    // Without an import or export of its own, an example would be a script and share its names with all others.
    writeFileSync(file, `${'\n'.repeat(example.line - 1)}${example.code}\nexport {};\n`);
    return { example, folder, file };
  });
}

/**
 * Package an example runs in. That of a document outside the packages is the first one that can see everything the example
 * imports.
 */
function homeOf(root: string, packages: readonly string[], example: Example): string {
  const own = /^packages\/([^/]+)\//.exec(example.file)?.[1];
  if (own !== undefined) return own;
  const wanted = [...example.code.matchAll(/from\s+'(@commute\/[^/']+)/g)].map((match) => match[1]!);
  const home = packages.find((name) => {
    const text = readFileSync(path.join(root, 'packages', name, 'package.json'), 'utf8');
    const manifest = JSON.parse(text) as Manifest;
    const visible = new Set([manifest.name, ...Object.keys({ ...manifest.dependencies, ...manifest.devDependencies })]);
    return wanted.every((each) => visible.has(each));
  });
  return home ?? packages[0]!;
}
