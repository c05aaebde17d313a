import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  anyInDeclarations,
  anyLines,
  bundledSize,
  changesetProblems,
  manifestProblems,
  specifiers,
  type Manifest,
} from '../src/index.ts';

const entry = { '@commute/source': './src/index.ts', types: './dist/index.d.ts', default: './dist/index.js' };
const manifest: Manifest = {
  name: '@commute/add',
  version: '0.0.0',
  description: 'Adds.',
  license: 'Apache-2.0',
  type: 'module',
  sideEffects: false,
  engines: { node: '>=22.12' },
  exports: { '.': entry, './package.json': './package.json' },
  files: ['dist', 'src'],
  publishConfig: { access: 'public', provenance: true },
  repository: { directory: 'packages/add' },
};

describe('the shape of a manifest', () => {
  test('a good one has no problems', () => {
    expect(manifestProblems('add', manifest)).toEqual([]);
  });

  test('a subpath may have a folder', () => {
    const deep = {
      '@commute/source': './src/deep/index.ts',
      types: './dist/deep/index.d.ts',
      default: './dist/deep/index.js',
    };
    expect(manifestProblems('add', { ...manifest, exports: { ...manifest.exports, './deep': deep } })).toEqual([]);
    const problems = manifestProblems('add', { ...manifest, exports: { ...manifest.exports, './other': deep } });
    expect(problems).toHaveLength(1);
  });

  const { default: code, ...withoutCode } = entry;
  test.for<[string, Partial<Manifest>, RegExp]>([
    ['another license', { license: 'MIT' }, /^license: expected "Apache-2.0", got "MIT"$/],
    ['no description', { description: '' }, /^description/],
    ['side effects', { sideEffects: true }, /^sideEffects/],
    ['no source in the tarball', { files: ['dist'] }, /^files: expected it to include src/],
    ['another folder', { repository: { directory: 'packages/sub' } }, /^repository/],
    [
      'types after code',
      { exports: { ...manifest.exports, '.': { default: code, ...withoutCode } } },
      /^exports\["."\]/,
    ],
    [
      'an entry for require',
      { exports: { ...manifest.exports, '.': { ...entry, require: './a.cjs' } } },
      /^exports\["."\]/,
    ],
    ['a pattern', { exports: { ...manifest.exports, './*': entry } }, /explicit subpath/],
    ['no ./package.json', { exports: { '.': entry } }, /package\.json/],
  ])('%s is a problem', ([, change, message]) => {
    expect(manifestProblems('add', { ...manifest, ...change })).toContainEqual(expect.stringMatching(message));
  });

  test('subpaths become specifiers', () => {
    const exports = { ...manifest.exports, './node': entry };
    expect(specifiers({ ...manifest, exports })).toEqual(['@commute/add', '@commute/add/node']);
  });
});

describe('any in declarations', () => {
  test('is found wherever a type stands', () => {
    const text =
      'export declare const a: any;\nexport type B = readonly any[];\nexport declare function c(d: Map<string, any>): void;';
    expect(anyLines(text)).toEqual([1, 2, 3]);
  });

  test('is not confused with a word', () => {
    const text = '/** any */\nexport declare const any: "any";\nexport declare function anyOf(any: unknown): void;';
    expect(anyLines(text)).toEqual([]);
  });
});

describe('changesets', () => {
  const names = ['@commute/add'];

  test('a good one has no problems', () => {
    expect(changesetProblems("---\n'@commute/add': minor\n---\n\nAdded adding.\n", names)).toEqual([]);
  });

  test.for([
    ['no front matter', 'Added adding.', /front matter/],
    ['an unknown package', "---\n'@commute/sub': minor\n---\n\nA.", /@commute\/sub is not/],
    ['an unknown size', "---\n'@commute/add': huge\n---\n\nA.", /major, minor or patch/],
    ['no sentence', "---\n'@commute/add': patch\n---\n\n", /one sentence/],
  ] as const)('%s is a problem', ([, text, message]) => {
    expect(changesetProblems(text, names)).toEqual([expect.stringMatching(message)]);
  });
});

describe('on disk', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'packages-'));
    const dependency = path.join(folder, 'node_modules', 'dependency');
    mkdirSync(dependency, { recursive: true });
    mkdirSync(path.join(folder, 'dist', 'deep'), { recursive: true });
    writeFileSync(
      path.join(dependency, 'package.json'),
      '{ "name": "dependency", "type": "module", "exports": "./index.js" }',
    );
    writeFileSync(path.join(dependency, 'index.js'), `export const text = '${'0123456789'.repeat(100)}';`);
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  test('a package without declarations is a problem, and so is one whose declarations say any', () => {
    expect(anyInDeclarations(folder)).toEqual([expect.stringMatching(/got none/)]);
    writeFileSync(path.join(folder, 'dist', 'deep', 'a.d.ts'), 'export declare const a: any;');
    expect(anyInDeclarations(folder)).toEqual([expect.stringMatching(/a\.d\.ts:1/)]);
  });

  test('the size of an import is that of the minified, compressed bundle', async () => {
    const size = await bundledSize(folder, 'dependency');
    expect(size).toBeGreaterThan(30);
    expect(size).toBeLessThan(200);
  });

  test('an import that does not resolve has no size', async () => {
    await expect(bundledSize(folder, 'missing')).rejects.toThrow(/missing/);
  });
});
