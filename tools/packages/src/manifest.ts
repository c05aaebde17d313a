import type { Manifest } from './workspace.ts';

/**
 * Checks that a manifest has the shape all packages share.
 *
 * @returns one message for each difference.
 */
export function manifestProblems(name: string, manifest: Manifest): string[] {
  const found: string[] = [];
  const expect = (field: string, expected: string, got: unknown): void => {
    if (JSON.stringify(got) !== expected)
      found.push(`${field}: expected ${expected}, got ${got === undefined ? 'nothing' : JSON.stringify(got)}`);
  };
  expect('name', JSON.stringify(`@commute/${name}`), manifest.name);
  expect('license', '"Apache-2.0"', manifest.license);
  expect('type', '"module"', manifest.type);
  expect('sideEffects', 'false', manifest.sideEffects);
  expect('engines.node', '">=22.12"', manifest.engines?.node);
  expect('publishConfig', '{"access":"public","provenance":true}', manifest.publishConfig);
  expect('repository.directory', JSON.stringify(`packages/${name}`), manifest.repository?.directory);
  if ((manifest.description ?? '') === '') found.push('description: expected one sentence, got nothing');
  for (const folder of ['dist', 'src']) {
    if (manifest.files?.includes(folder) !== true) found.push(`files: expected it to include ${folder}`);
  }
  expect('exports["./package.json"]', '"./package.json"', manifest.exports?.['./package.json']);
  for (const [subpath, target] of Object.entries(manifest.exports ?? {})) {
    if (subpath === './package.json') continue;
    if (subpath.includes('*')) found.push(`exports["${subpath}"]: expected an explicit subpath`);
    const name = subpath === '.' ? 'index' : subpath.slice(2);
    // A topic of several files has a folder of its own.
    const source = typeof target === 'string' ? undefined : target['@commute/source'];
    const file = source === `./src/${name}/index.ts` ? `${name}/index` : name;
    // The order matters: the first condition that holds wins.
    const expected = {
      '@commute/source': `./src/${file}.ts`,
      types: `./dist/${file}.d.ts`,
      default: `./dist/${file}.js`,
    };
    expect(`exports["${subpath}"]`, JSON.stringify(expected), target);
  }
  return found;
}
