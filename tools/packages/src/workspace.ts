import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The parts of a published `package.json` that are checked. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly description?: string;
  readonly license?: string;
  readonly type?: string;
  readonly sideEffects?: boolean;
  readonly engines?: { readonly node?: string };
  readonly files?: readonly string[];
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly publishConfig?: { readonly access?: string; readonly provenance?: boolean };
  readonly repository?: { readonly directory?: string };
}

/** A package that is published. */
export interface Published {
  /** Folder name under `packages/`. */
  readonly name: string;
  readonly folder: string;
  readonly manifest: Manifest;
}

/** Reads every package under `packages/` that is not private, in alphabetical order. */
export function readPublished(root: string): Published[] {
  return readdirSync(path.join(root, 'packages'))
    .sort()
    .map((name) => ({ name, folder: path.join(root, 'packages', name) }))
    .filter(({ folder }) => existsSync(path.join(folder, 'package.json')))
    .map(({ name, folder }) => {
      const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Manifest;
      return { name, folder, manifest };
    })
    .filter(({ manifest }) => manifest.private !== true);
}

/** Subpaths a user can import code from, each as the full specifier. */
export function specifiers(manifest: Manifest): string[] {
  return Object.entries(manifest.exports ?? {})
    .filter(([, target]) => typeof target !== 'string')
    .map(([subpath]) => manifest.name + subpath.slice(1));
}

/** Whether a package can run in a browser: one with a command cannot. */
export function isForBrowsers(manifest: Manifest): boolean {
  return manifest.bin === undefined;
}

/** Whether a subpath can be imported by a page: not the parts for Node, nor the tests for implementers. */
export function isForPages(specifier: string): boolean {
  return !/\/(node|lmdb|conformance)$/.test(specifier);
}
