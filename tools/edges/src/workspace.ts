import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The parts of a `package.json` that the edges are read from. */
export interface Manifest {
  readonly name: string;
  readonly description?: string;
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** One package: its manifest and the text of its TypeScript files, by path relative to the package with forward slashes. */
export interface Package {
  /** Folder name under `packages/`; also the name without the scope. */
  readonly name: string;
  readonly manifest: Manifest;
  readonly files: ReadonlyMap<string, string>;
}

/** The row of one package in `edges.json`. */
export interface Row {
  /** What the package answers for, as a noun phrase. */
  readonly owns: string;
  /** What a reader might look for here and finds elsewhere. */
  readonly doesNotOwn: string;
  /** Packages of this workspace it may depend on, without the scope; `"*"` is every one. */
  readonly packages: readonly string[] | '*';
  /** Packages from the registry it may depend on; `"*"` is any. */
  readonly registry: readonly string[] | '*';
  /** True for a package that runs in Node only. */
  readonly nodeOnly?: boolean;
}

/** The table in `edges.json`: every allowed edge, declared in one place. */
export interface Table {
  /** Packages that everyone may depend on, as far as no cycle comes of it. */
  readonly everyone: readonly string[];
  readonly rows: Readonly<Record<string, Row>>;
}

/** Scope of the published packages. */
export const scope = '@commute/';

/** Reads every package under `packages/`, in alphabetical order. */
export function readPackages(root: string): Package[] {
  const folder = path.join(root, 'packages');
  return readdirSync(folder)
    .filter((name) => existsSync(path.join(folder, name, 'package.json')))
    .sort()
    .map((name) => {
      const cwd = path.join(folder, name);
      const manifest = JSON.parse(readFileSync(path.join(cwd, 'package.json'), 'utf8')) as Manifest;
      const files = globSync('{src,test,bench,examples,scripts,browser}/**/*.{ts,js,mjs}', { cwd })
        .sort()
        .map((file): [string, string] => [file.split(path.sep).join('/'), readFileSync(path.join(cwd, file), 'utf8')]);
      return { name, manifest, files: new Map(files) };
    });
}

/** Reads the table of allowed edges. */
export function readTable(file: string): Table {
  return JSON.parse(readFileSync(file, 'utf8')) as Table;
}
