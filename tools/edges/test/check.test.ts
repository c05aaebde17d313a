import { describe, expect, test } from 'vitest';
import { check, type Manifest, type Package, type Table, type Violation } from '../src/index.ts';

const row = { owns: '', doesNotOwn: '', registry: [] };
const table: Table = {
  everyone: ['errors'],
  rows: {
    errors: { ...row, packages: [] },
    low: { ...row, packages: [], registry: ['@noble/hashes'] },
    high: { ...row, packages: ['low'] },
    tool: { ...row, packages: '*', registry: '*', nodeOnly: true },
  },
};

function make(name: string, manifest: Omit<Manifest, 'name'> = {}, files: Record<string, string> = {}): Package {
  const exports = { '.': { '@commute/source': './src/index.ts', default: './dist/index.js' } };
  return { name, manifest: { name: `@commute/${name}`, exports, ...manifest }, files: new Map(Object.entries(files)) };
}

const rulesOf = (violations: readonly Violation[]): string[] => violations.map((violation) => violation.rule);
const rules = (...packages: readonly Package[]): string[] => rulesOf(check(packages, table));
const low = '@commute/low';
const workspace = 'workspace:^';

describe('declared edges', () => {
  test('an allowed tree has no violations', () => {
    const text = `import { a } from '@commute/low';\nimport { b } from './b.ts';\nexport { a, b };`;
    const packages = [
      make('errors'),
      make('low', { dependencies: { '@commute/errors': workspace, '@noble/hashes': '2.4.0' } }),
      make('high', { dependencies: { [low]: workspace } }, { 'src/index.ts': text, 'src/b.ts': 'export const b = 1;' }),
      make('tool', { dependencies: { '@commute/high': workspace, cac: '7.1.0' } }),
    ];
    expect(check(packages, table)).toEqual([]);
  });

  test('an edge that the table does not allow', () => {
    expect(rules(make('low', { dependencies: { '@commute/high': workspace } }))).toEqual(['edge-not-allowed']);
  });

  test('a package from the registry that the table does not allow', () => {
    expect(rules(make('high', { dependencies: { lodash: '4.17.21' } }))).toEqual(['edge-not-allowed']);
  });

  test('a package without a row', () => {
    expect(rules(make('stranger'))).toEqual(['no-row']);
  });

  test('a fixed version of a neighbour', () => {
    expect(rules(make('high', { dependencies: { [low]: '1.0.0' } }))).toEqual(['not-a-workspace-range']);
  });
});

describe('cycles', () => {
  test('one through dependencies', () => {
    const packages = [
      make('low', { dependencies: { '@commute/high': workspace } }),
      make('high', { dependencies: { [low]: workspace } }),
    ];
    expect(check(packages, table)).toContainEqual(
      expect.objectContaining({ rule: 'cycle', message: 'low -> high -> low' }),
    );
  });

  test('one through devDependencies', () => {
    const packages = [
      make('low', { devDependencies: { '@commute/high': 'workspace:*' } }),
      make('high', { dependencies: { [low]: workspace } }),
    ];
    expect(rules(...packages)).toEqual(['cycle']);
  });

  test('two ways to the same package are no cycle', () => {
    const packages = [
      make('errors'),
      make('low', { dependencies: { '@commute/errors': workspace } }),
      make('high', { dependencies: { '@commute/errors': workspace, [low]: workspace } }),
    ];
    expect(rules(...packages)).toEqual([]);
  });
});

describe('imports', () => {
  const dependent: Omit<Manifest, 'name'> = { devDependencies: { vitest: '5.1.1' } };
  const highWith = (file: string, text: string): string[] => rules(make('high', dependent, { [file]: text }));

  test.for([
    ['a static import', `import { a } from '@commute/low';`],
    ['a type import', `import type { A } from '@commute/low/deep';`],
    ['a re-export', `export * from '@commute/low';`],
    ['a dynamic import', `const a = await import('@commute/low');`],
    ['a devDependency in source', `import { test } from 'vitest';`],
  ])('%s that dependencies do not declare', ([, text]) => {
    expect(highWith('src/index.ts', text!)).toEqual(['undeclared-import']);
  });

  test('a devDependency is for tests', () => {
    expect(highWith('test/a.test.ts', `import { test } from 'vitest';`)).toEqual([]);
    expect(highWith('test/a.test.ts', `import { test } from 'mocha';`)).toEqual(['undeclared-import']);
  });

  test('a comment or a string is not an import', () => {
    expect(highWith('src/index.ts', `// import { a } from 'x';\nexport const s = "import 'y'";`)).toEqual([]);
  });

  test('a package that imports itself by name', () => {
    expect(highWith('src/index.ts', `import { a } from '@commute/high';`)).toEqual(['own-name']);
    expect(highWith('test/a.test.ts', `import { a } from '@commute/high';`)).toEqual([]);
  });

  test.for([
    ['src/index.ts', '../../low/src/index.ts'],
    ['test/a.test.ts', '../../low/src/index.ts'],
    ['src/deep/index.ts', '../../../low/src/index.ts'],
    ['src/index.ts', '../test/helper.ts'],
  ])('%s may not import %s', ([file, specifier]) => {
    expect(highWith(file!, `import { a } from '${specifier!}';`)).toEqual(['leaves-package']);
  });

  test('a worker file named by URL may not lie outside either', () => {
    expect(highWith('src/index.ts', `new Worker(new URL('../../low/src/w.ts', import.meta.url));`)).toEqual([
      'leaves-package',
    ]);
  });
});

describe('Node in browser code', () => {
  const exports = {
    '.': { '@commute/source': './src/index.ts' },
    './node': { '@commute/source': './src/node.ts' },
  };
  const useNode = `import { readFileSync } from 'node:fs';`;
  const rulesFor = (files: Record<string, string>): string[] => rules(make('high', { exports }, files));

  test('is found in the main entry and in what it reaches', () => {
    expect(rulesFor({ 'src/index.ts': useNode })).toEqual(['node-in-browser-code']);
    expect(rulesFor({ 'src/index.ts': `export * from './a.ts';`, 'src/a.ts': useNode })).toEqual([
      'node-in-browser-code',
    ]);
  });

  test('is found in a file that both reach', () => {
    const files = {
      'src/index.ts': `export * from './a.ts';`,
      'src/node.ts': `export * from './a.ts';`,
      'src/a.ts': useNode,
    };
    expect(rulesFor(files)).toEqual(['node-in-browser-code']);
  });

  test('is found in a file that nobody reaches', () => {
    expect(rulesFor({ 'src/index.ts': '', 'src/lost.ts': useNode })).toEqual(['node-in-browser-code']);
  });

  test('is fine behind ./node, workers included', () => {
    const files = {
      'src/index.ts': '',
      'src/node.ts': `${useNode}\nconst file = isSource ? './worker.ts' : './worker.js';\nnew Worker(new URL(file, import.meta.url));`,
      'src/worker.ts': `import { parentPort } from 'node:worker_threads';`,
    };
    expect(rulesFor(files)).toEqual([]);
  });

  test('includes the ./node subpath of a neighbour', () => {
    const manifest = { exports, dependencies: { [low]: workspace } };
    const text = `import { pool } from '@commute/low/node';`;
    expect(rules(make('low'), make('high', manifest, { 'src/index.ts': text }))).toEqual(['node-in-browser-code']);
    expect(rules(make('low'), make('high', manifest, { 'src/node.ts': text }))).toEqual([]);
  });

  test('is fine in a package for Node only', () => {
    expect(rules(make('tool', {}, { 'src/index.ts': useNode }))).toEqual([]);
  });
});
