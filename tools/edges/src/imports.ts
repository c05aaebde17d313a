import path from 'node:path';
import ts from 'typescript';

/** What one file refers to. */
export interface References {
  /** Specifiers of static and dynamic imports, re-exports and type imports. */
  readonly imports: readonly string[];
  /** Relative source files named in strings: entry points of workers, given to `new URL('…', import.meta.url)`. */
  readonly urls: readonly string[];
}

const urlPattern = /['"](\.\.?\/[^'"\s]+\.ts)['"]/g;

/** Reads the references of one file from its text. Comments and strings are not mistaken for imports. */
export function references(text: string): References {
  const imports = ts.preProcessFile(text, true, true).importedFiles.map((file) => file.fileName);
  const urls = [...text.matchAll(urlPattern)].map((match) => match[1]!).filter((name) => !imports.includes(name));
  return { imports, urls };
}

/** Package a bare specifier belongs to: `@scope/name` of `@scope/name/sub/path`. */
export function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Path of a relative specifier, from the package's folder; starts with `..` if it leaves the package. */
export function resolveRelative(from: string, specifier: string): string {
  return path.posix.normalize(path.posix.join(path.posix.dirname(from), specifier));
}
