import { packageOf, references, resolveRelative, type References } from './imports.ts';
import { scope, type Package, type Row, type Table } from './workspace.ts';

/** One broken rule. */
export interface Violation {
  readonly rule:
    | 'no-row'
    | 'edge-not-allowed'
    | 'not-a-workspace-range'
    | 'cycle'
    | 'undeclared-import'
    | 'own-name'
    | 'leaves-package'
    | 'node-in-browser-code';
  /** Where: a package or a file, relative to the workspace. */
  readonly where: string;
  readonly message: string;
}

/** Checks every rule; an empty list means that the declared edges are allowed and true. */
export function check(packages: readonly Package[], table: Table): Violation[] {
  return [
    ...packages.flatMap((each) => [...declaredEdges(each, table), ...importsOf(each), ...nodeImports(each, table)]),
    ...cycles(packages),
  ];
}

/** Names of the workspace packages that `manifest` depends on at run time, without the scope. */
export function workspaceDependencies(each: Package): string[] {
  return Object.keys({ ...each.manifest.dependencies, ...each.manifest.peerDependencies })
    .filter((name) => name.startsWith(scope))
    .map((name) => name.slice(scope.length))
    .sort();
}

function isAllowed(list: readonly string[] | '*', name: string): boolean {
  return list === '*' || list.includes(name);
}

function declaredEdges(each: Package, table: Table): Violation[] {
  const where = `packages/${each.name}/package.json`;
  const row: Row | undefined = table.rows[each.name];
  if (row === undefined) {
    return [{ rule: 'no-row', where, message: `${each.name} has no row in tools/edges/edges.json` }];
  }
  const found: Violation[] = [];
  for (const [name, range] of Object.entries(each.manifest.dependencies ?? {})) {
    if (name.startsWith(scope)) {
      const target = name.slice(scope.length);
      if (!isAllowed(row.packages, target) && !table.everyone.includes(target)) {
        found.push({ rule: 'edge-not-allowed', where, message: `${each.name} may not depend on ${target}` });
      }
      if (range !== 'workspace:^') {
        const message = `${name}: expected the range workspace:^, got ${range}`;
        found.push({ rule: 'not-a-workspace-range', where, message });
      }
    } else if (!isAllowed(row.registry, name)) {
      found.push({ rule: 'edge-not-allowed', where, message: `${each.name} may not depend on ${name}` });
    }
  }
  return found;
}

function importsOf(each: Package): Violation[] {
  const { manifest } = each;
  const atRunTime = new Set(Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }));
  const inDevelopment = new Set([...atRunTime, ...Object.keys(manifest.devDependencies ?? {}), manifest.name]);
  const found: Violation[] = [];
  for (const [file, text] of each.files) {
    const where = `packages/${each.name}/${file}`;
    const isSource = file.startsWith('src/');
    const { imports, urls } = references(text);
    for (const specifier of [...imports, ...urls]) {
      if (specifier.startsWith('.')) {
        const target = resolveRelative(file, specifier);
        if (target.startsWith('..')) {
          found.push({ rule: 'leaves-package', where, message: `${specifier} leads out of the package` });
        } else if (isSource && !target.startsWith('src/') && target !== 'package.json') {
          found.push({
            rule: 'leaves-package',
            where,
            message: `${specifier} leads out of src, which is what is built`,
          });
        }
        continue;
      }
      if (specifier.startsWith('node:') || specifier.startsWith('data:')) continue;
      const name = packageOf(specifier);
      if (isSource && name === manifest.name) {
        found.push({ rule: 'own-name', where, message: `${specifier} is this package; import the file itself` });
      } else if (!(isSource ? atRunTime : inDevelopment).has(name)) {
        const list = isSource ? 'dependencies' : 'dependencies or devDependencies';
        found.push({ rule: 'undeclared-import', where, message: `${specifier} is not in ${list}` });
      }
    }
  }
  return found;
}

/** Source files that each `exports` subpath starts from. */
function entries(each: Package): { subpath: string; file: string }[] {
  return Object.entries(each.manifest.exports ?? {}).flatMap(([subpath, target]) => {
    const file = typeof target === 'string' ? target : target['@commute/source'];
    return file?.endsWith('.ts') === true ? [{ subpath, file: file.replace(/^\.\//, '') }] : [];
  });
}

/** Every source file that `start` reaches through relative references. */
function reach(start: readonly string[], read: ReadonlyMap<string, References>): Set<string> {
  const seen = new Set<string>();
  const queue = start.filter((file) => read.has(file));
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    const { imports, urls } = read.get(file)!;
    for (const specifier of [...imports, ...urls]) {
      if (!specifier.startsWith('.')) continue;
      const target = resolveRelative(file, specifier);
      if (read.has(target)) queue.push(target);
    }
  }
  return seen;
}

/** Anything of Node only: a built-in module, or another package's `./node` subpath. */
function isNodeOnly(specifier: string): boolean {
  return (
    specifier.startsWith('node:') ||
    (specifier.startsWith(scope) && /^\/node(\/|$)/.test(specifier.slice(packageOf(specifier).length)))
  );
}

function nodeImports(each: Package, table: Table): Violation[] {
  if (table.rows[each.name]?.nodeOnly === true) return [];
  const read = new Map<string, References>();
  for (const [file, text] of each.files) if (file.startsWith('src/')) read.set(file, references(text));
  const isNodeEntry = (subpath: string): boolean => /^\.\/node(\/|$)/.test(subpath);
  const start = entries(each);
  const filesOf = (wanted: boolean): string[] =>
    start.filter((entry) => isNodeEntry(entry.subpath) === wanted).map((entry) => entry.file);
  const anywhere = reach(filesOf(false), read);
  const inNode = reach(filesOf(true), read);
  const found: Violation[] = [];
  for (const [file, { imports }] of read) {
    if (inNode.has(file) && !anywhere.has(file)) continue;
    for (const specifier of imports.filter(isNodeOnly)) {
      const message = `${specifier} is imported by a file that the ./node subpath does not have to itself`;
      found.push({ rule: 'node-in-browser-code', where: `packages/${each.name}/${file}`, message });
    }
  }
  return found;
}

/** One violation for each cycle, over dependencies of every kind: a cycle through devDependencies has no build order either. */
function cycles(packages: readonly Package[]): Violation[] {
  const names = new Set(packages.map((each) => each.name));
  const edges = new Map(
    packages.map((each) => {
      const { dependencies, devDependencies, peerDependencies } = each.manifest;
      const targets = Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies })
        .filter((name) => name.startsWith(scope))
        .map((name) => name.slice(scope.length))
        .filter((name) => names.has(name));
      return [each.name, targets];
    }),
  );
  const found: Violation[] = [];
  const done = new Set<string>();
  const visit = (name: string, trail: readonly string[]): void => {
    const start = trail.indexOf(name);
    if (start >= 0) {
      const cycle = [...trail.slice(start), name];
      found.push({ rule: 'cycle', where: `packages/${name}/package.json`, message: cycle.join(' -> ') });
      return;
    }
    if (done.has(name)) return;
    for (const target of edges.get(name)!) visit(target, [...trail, name]);
    done.add(name);
  };
  for (const each of packages) visit(each.name, []);
  return found;
}
