import { expect, test } from 'vitest';
import { fromMarkdown, fromSource } from '../src/index.ts';

test('a README gives its ts fences, with the line of the code', () => {
  const text = [
    '# Title',
    '',
    '```ts',
    'const a = 1;',
    '```',
    '```sh',
    'npm i',
    '```',
    '```ts',
    'const b = 2;',
    '```',
  ].join('\n');
  expect(fromMarkdown('README.md', text).examples).toEqual([
    { file: 'README.md', line: 4, code: 'const a = 1;' },
    { file: 'README.md', line: 10, code: 'const b = 2;' },
  ]);
});

test('a fence marked no-run is left out, and so is one in another language', () => {
  const text = '```ts no-run\na\n```\n```tsx\nb\n```\n```typescript\nc\n```';
  expect(fromMarkdown('README.md', text).examples).toEqual([]);
});

test('a fence in a list loses its indentation', () => {
  const text = '- item\n\n  ```ts\n  if (a) {\n    b();\n  }\n  ```';
  expect(fromMarkdown('README.md', text).examples[0]?.code).toBe('if (a) {\n  b();\n}');
});

test('a README says to install what its examples import', () => {
  const text = (names: string): string =>
    [
      '```sh',
      `npm install ${names}`,
      '```',
      '```ts',
      "import { readFileSync } from 'node:fs';",
      "import { a } from '@commute/a';",
      'import {',
      '  b,',
      "} from '@commute/b/part';",
      "import c from 'c/part';",
      '```',
    ].join('\n');
  expect(fromMarkdown('README.md', text('@commute/a @commute/b c')).complaints).toEqual([]);
  expect(fromMarkdown('README.md', text('@commute/a')).complaints).toEqual([
    'README.md:5: imports @commute/b, which `npm install` above does not name',
    'README.md:5: imports c, which `npm install` above does not name',
  ]);
});

test('a docstring gives the fences of its @example, and only those', () => {
  const text = [
    'const a = 1;',
    '  /**',
    '   * Adds.',
    '   *',
    '   * ```ts',
    '   * notAnExample();',
    '   * ```',
    '   *',
    '   * @param a - number.',
    '   * @example',
    '   * ```ts',
    "   * import { add } from '@commute/add';",
    '   *   add(1, 2);',
    '   * ```',
    '   * @returns a number',
    '   */',
  ].join('\n');
  const { examples, complaints } = fromSource('packages/add/src/index.ts', text);
  expect(complaints).toEqual([]);
  expect(examples).toEqual([
    { file: 'packages/add/src/index.ts', line: 12, code: "import { add } from '@commute/add';\n  add(1, 2);" },
  ]);
});

test('an @example without a fence is a complaint', () => {
  const { examples, complaints } = fromSource('a.ts', '/**\n * @example add(1, 2)\n */');
  expect(examples).toEqual([]);
  expect(complaints).toEqual(['a.ts:2: @example without a fence']);
});
