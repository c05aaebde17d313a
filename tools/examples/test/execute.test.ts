import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { collect, execute, placeAll, type Placed } from '../src/index.ts';

let root: string;

beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'examples-'));
  const source = path.join(root, 'packages', 'add', 'src');
  mkdirSync(source, { recursive: true });
  const exports = { '.': { '@commute/source': './src/index.ts', default: './dist/index.js' } };
  writeFileSync(
    path.join(root, 'packages', 'add', 'package.json'),
    JSON.stringify({ name: '@commute/add', type: 'module', exports }),
  );
  writeFileSync(path.join(source, 'index.ts'), 'export const add = (a: number, b: number): number => a + b;\n');
});

afterAll(() => rmSync(root, { recursive: true }));

async function outcomes(codes: readonly string[], limitMs = 60_000): Promise<(string | undefined)[]> {
  const examples = codes.map((code, index) => ({ file: 'packages/add/README.md', line: 10 * (index + 1), code }));
  const placed: Placed[] = placeAll(root, ['add'], examples);
  const failures = await execute(placed, limitMs);
  return placed.map((each) => failures.get(each));
}

const good = `import { add } from '@commute/add';\nif (add(1, 2) !== 3) throw new Error('wrong');`;

test('an example runs against source, by the public name of its package', async () => {
  expect(await outcomes([good])).toEqual([undefined]);
});

test('a failure names the line in the document and does not stop the others', async () => {
  const [first, second, third] = await outcomes([good, `const a: number = 1;\nthrow new Error('wrong ' + a);`, good]);
  expect(first).toBeUndefined();
  expect(second).toMatch(/wrong 1/);
  expect(second).toMatch(/-20\.ts:21:/);
  expect(third).toBeUndefined();
});

test('an example that ends the process, or never finishes, is marked and the rest still runs', async () => {
  const [first, second, third, fourth] = await outcomes([
    'process.exit(3);',
    good,
    'await new Promise(() => undefined);',
    `import { add } from '@commute/none';`,
  ]);
  expect(first).toMatch(/ended early, with code 3/);
  expect(second).toBeUndefined();
  expect(third).toBeDefined();
  expect(fourth).toMatch(/@commute\/none/);
});

test('an endless loop is stopped', async () => {
  const [first, second] = await outcomes(['for (;;);', good], 5_000);
  expect(first).toMatch(/still running after 5 s/);
  expect(second).toBeUndefined();
});

test('examples are collected from READMEs, docs and docstrings', () => {
  mkdirSync(path.join(root, 'docs', 'deep'), { recursive: true });
  writeFileSync(path.join(root, 'docs', 'deep', 'page.md'), '```ts\nconst a = 1;\n```\n');
  writeFileSync(path.join(root, 'packages', 'add', 'README.md'), '```ts\nconst b = 1;\n```\n');
  const found = collect(root);
  expect(found.packages).toEqual(['add']);
  expect(found.examples.map((each) => each.file)).toEqual(['docs/deep/page.md', 'packages/add/README.md']);
});
