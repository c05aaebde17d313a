import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Checks one changeset: which packages it names, how far it bumps them, and that it says something.
 *
 * @param text - the whole file.
 * @param names - names of the published packages.
 * @returns one message for each problem.
 */
export function changesetProblems(text: string, names: readonly string[]): string[] {
  const match = /^---\n(?<head>[^]*?)\n---\n(?<body>[^]*)$/.exec(text);
  if (match === null) return ['expected front matter between two lines of ---'];
  const { head = '', body = '' } = match.groups!;
  const found = head.split('\n').flatMap((line) => {
    const entry = /^(['"])(?<name>[^'"]+)\1: (?:major|minor|patch)$/.exec(line);
    if (entry === null) return [`expected 'package': major, minor or patch, got ${line}`];
    const name = entry.groups!['name']!;
    return names.includes(name) ? [] : [`${name} is not a published package`];
  });
  return body.trim() === '' ? [...found, 'expected one sentence for users, got nothing'] : found;
}

/** Problems of all changesets of the workspace. */
export function allChangesetProblems(root: string, names: readonly string[]): string[] {
  const folder = path.join(root, '.changeset');
  return globSync('*.md', { cwd: folder })
    .filter((file) => file !== 'README.md')
    .sort()
    .flatMap((file) =>
      changesetProblems(readFileSync(path.join(folder, file), 'utf8'), names).map((problem) => `${file}: ${problem}`),
    );
}
