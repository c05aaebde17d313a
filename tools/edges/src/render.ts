import { workspaceDependencies } from './check.ts';
import { scope, type Package, type Table } from './workspace.ts';

/** Markers between which the architecture page is generated. */
export const begin = '<!-- edges: generated from each package.json and tools/edges/edges.json; change those -->';
export const end = '<!-- edges: end -->';

/** The generated part of the architecture page: a graph, and a table with one row per package. */
export function render(packages: readonly Package[], table: Table): string {
  const ordered = bottomUp(packages);
  const lines = [
    begin,
    '',
    '```mermaid',
    'graph TD',
    ...ordered.map((each) => `  ${each.name}`),
    ...ordered.flatMap((each) =>
      workspaceDependencies(each)
        .filter((target) => !table.everyone.includes(target))
        .map((target) => `  ${each.name} --> ${target}`),
    ),
    '```',
    '',
    `An arrow points to what a package depends on. Arrows to ${list(table.everyone)} are left out: every package may have one.`,
    '',
    '| package | owns | does not own | depends on |',
    '| --- | --- | --- | --- |',
    ...ordered.map((each) => {
      const row = table.rows[each.name];
      const registry = Object.keys(each.manifest.dependencies ?? {})
        .filter((name) => !name.startsWith(scope))
        .sort();
      const targets = [...workspaceDependencies(each), ...registry];
      const link = `[\`${scope}${each.name}\`](../packages/${each.name})`;
      return `| ${link} | ${row?.owns ?? ''} | ${row?.doesNotOwn ?? ''} | ${targets.length === 0 ? 'nothing' : targets.join(', ')} |`;
    }),
    '',
    end,
  ];
  return lines.join('\n');
}

/**
 * Puts `generated` between the markers of `page`.
 *
 * @returns the new page, or `undefined` if the page has no markers.
 */
export function splice(page: string, generated: string): string | undefined {
  const from = page.indexOf('<!-- edges: generated');
  const to = page.indexOf(end);
  if (from < 0 || to < from) return undefined;
  return page.slice(0, from) + generated + page.slice(to + end.length);
}

function list(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(' and ');
}

/** Packages after everything they depend on, ties in alphabetical order. */
function bottomUp(packages: readonly Package[]): Package[] {
  const byName = new Map(packages.map((each) => [each.name, each]));
  const ordered = new Set<Package>();
  const visit = (each: Package, trail: readonly Package[]): void => {
    if (ordered.has(each) || trail.includes(each)) return;
    for (const name of workspaceDependencies(each)) {
      const target = byName.get(name);
      if (target !== undefined) visit(target, [...trail, each]);
    }
    ordered.add(each);
  };
  for (const each of packages) visit(each, []);
  return [...ordered];
}
