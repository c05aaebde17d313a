import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { begin, end, readPackages, render, splice, type Package, type Table } from '../src/index.ts';

const row = { doesNotOwn: 'the rest', packages: '*', registry: '*' } as const;
const table: Table = {
  everyone: ['errors'],
  rows: {
    errors: { ...row, owns: 'mistakes' },
    low: { ...row, owns: 'the ground' },
    high: { ...row, owns: 'the sky' },
  },
};
const make = (name: string, dependencies: Record<string, string> = {}): Package => ({
  name,
  manifest: { name: `@commute/${name}`, dependencies },
  files: new Map(),
});
const packages = [
  make('errors'),
  make('high', { '@commute/low': 'workspace:^', '@commute/errors': 'workspace:^', '@noble/hashes': '2.4.0' }),
  make('low'),
];

test('draws declared edges, without those that everyone may have', () => {
  const text = render(packages, table);
  expect(text).toContain('high --> low');
  expect(text).not.toContain('high --> errors');
});

test('lists packages after what they depend on, with all their dependencies', () => {
  const text = render(packages, table);
  expect(text.indexOf('| the ground |')).toBeLessThan(text.indexOf('| the sky |'));
  expect(text).toContain('| the sky | the rest | errors, low, @noble/hashes |');
});

test('replaces only what lies between the markers, and twice gives the same page', () => {
  const page = `before\n${begin}\nold\n${end}\nafter\n`;
  const once = splice(page, render(packages, table))!;
  expect(once.startsWith('before\n')).toBe(true);
  expect(once.endsWith('\nafter\n')).toBe(true);
  expect(once).not.toContain('old');
  expect(splice(once, render(packages, table))).toBe(once);
});

test('refuses a page without markers', () => {
  expect(splice('a page', 'generated')).toBeUndefined();
  expect(splice(`${end} ${begin}`, 'generated')).toBeUndefined();
});

test('reads packages and their files from disk', () => {
  const root = mkdtempSync(path.join(tmpdir(), 'edges-'));
  try {
    mkdirSync(path.join(root, 'packages', 'low', 'src', 'deep'), { recursive: true });
    mkdirSync(path.join(root, 'packages', 'empty'));
    writeFileSync(path.join(root, 'packages', 'low', 'package.json'), '{ "name": "@commute/low" }');
    writeFileSync(path.join(root, 'packages', 'low', 'src', 'deep', 'a.ts'), 'export {};');
    const [low, ...others] = readPackages(root);
    expect(others).toEqual([]);
    expect(low?.manifest.name).toBe('@commute/low');
    expect([...low!.files]).toEqual([['src/deep/a.ts', 'export {};']]);
  } finally {
    rmSync(root, { recursive: true });
  }
});
