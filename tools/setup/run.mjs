// The one entry behind `npm start`, `npm test` and `npm run build`: brings a fresh machine that has only Node 20 and npm to an
// installed, built workspace, and continues on the Node that the workspace pins. Plain JavaScript without dependencies, because
// nothing is installed yet and Node 20 cannot read TypeScript.

import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
const windows = process.platform === 'win32';
const binaries = path.join(root, 'node_modules', '.bin');
const stampFile = path.join(root, 'node_modules', '.commute-setup');
const minimumMajor = 24;

/** Ends the run with a message a newcomer can act on. */
function fail(message) {
  process.stderr.write(`\nset-up failed: ${message}\n`);
  process.exit(1);
}

function say(message) {
  process.stderr.write(`${message}\n`);
}

function majorOf(version) {
  return Number(/^v(\d+)\./.exec(version)?.[1] ?? 0);
}

/** Linux gets its Node from the registry, as an optional dependency of the root package; elsewhere the user's own Node is used. */
const bringsNode = process.platform === 'linux' && (process.arch === 'x64' || process.arch === 'arm64');

/** The Node that runs everything after the installation. */
function pinnedNode() {
  const brought = path.join(binaries, 'node');
  if (!windows && existsSync(brought)) {
    const { status, stdout } = spawnSync(brought, ['-p', 'process.version'], { encoding: 'utf8' });
    if (status === 0 && majorOf(stdout) >= minimumMajor) return { node: brought, version: stdout.trim() };
  }
  if (majorOf(process.version) >= minimumMajor) return { node: process.execPath, version: process.version };
  return fail(
    bringsNode
      ? `the Node ${minimumMajor} from the registry does not run on this system (a Linux without glibc, perhaps); install Node ${minimumMajor} or later and run the command again.`
      : `expected Node ${minimumMajor} or later on ${process.platform}/${process.arch}, got ${process.version}; install it from https://nodejs.org and run the command again.`,
  );
}

/** `packageManager` of the root package, so that the version of pnpm is written once. */
function packageManager() {
  return JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).packageManager;
}

/** Changes when, and only when, an installation may be out of date. */
function installationKey() {
  const hash = createHash('sha256');
  const manifests = ['packages', 'tools'].flatMap((folder) =>
    readdirSync(path.join(root, folder))
      .sort()
      .map((name) => path.join(folder, name, 'package.json')),
  );
  for (const name of ['package.json', 'pnpm-workspace.yaml', 'pnpm-lock.yaml', ...manifests]) {
    const file = path.join(root, name);
    if (existsSync(file)) hash.update(name).update('\0').update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex');
}

/** Command line of `npx -y pnpm …` through the npm that started us, so that a global pnpm is neither needed nor used. */
function pnpmCommand(args) {
  const npm = process.env.npm_execpath;
  const rest = ['--yes', packageManager(), ...args];
  if (npm !== undefined && path.basename(npm) === 'npm-cli.js') {
    return [process.execPath, [npm, 'exec', '--yes', '--', ...rest.slice(1)], false];
  }
  return ['npx', rest, windows];
}

const hints = [
  [
    /frozen-lockfile|OUTDATED_LOCKFILE/,
    `pnpm-lock.yaml does not match a package.json; after changing dependencies run \`npx ${packageManager()} install --no-frozen-lockfile\`.`,
  ],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|META_FETCH_FAIL|network|dns error|error sending request/i,
    'the npm registry could not be reached; check the network, or the proxy and registry settings of npm.',
  ],
  [/ENOSPC|No space left/i, 'the disk is full.'],
  [/EACCES|EPERM|Permission denied/i, 'a file could not be written; check who owns this folder and the npm cache.'],
];

/** Runs one quiet set-up step; its output is shown only when it fails. */
function step(title, [command, args, shell]) {
  return new Promise((resolve) => {
    const started = Date.now();
    const seconds = () => ((Date.now() - started) / 1000).toFixed(0);
    say(`${title} ...`);
    let output = '';
    const heartbeat = setInterval(() => say(`  still at it after ${seconds()} s`), 20_000);
    const child = spawn(command, args, {
      cwd: root,
      shell,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        CI: process.env.CI ?? '1',
        TURBO_TELEMETRY_DISABLED: '1',
        ...(process.stderr.isTTY ? {} : { NO_COLOR: '1' }),
        npm_config_update_notifier: 'false',
      },
    });
    const collect = (chunk) => {
      output += chunk;
    };
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);
    child.on('error', (error) => {
      clearInterval(heartbeat);
      fail(`${title}: could not start ${command}: ${error.message}`);
    });
    child.on('close', (code, signal) => {
      clearInterval(heartbeat);
      if (code === 0) {
        say(`  done in ${seconds()} s`);
        resolve();
        return;
      }
      say(output.trimEnd().split('\n').slice(-60).join('\n'));
      const hint = hints.find(([pattern]) => pattern.test(output))?.[1];
      fail(`${title} ended with ${signal ?? `code ${code}`}.${hint === undefined ? '' : `\nMost likely ${hint}`}`);
    });
  });
}

async function setUp() {
  if (majorOf(process.version) < 20) fail(`expected Node 20 or later, got ${process.version}.`);
  if (!bringsNode) pinnedNode();
  const key = installationKey();
  if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== key) {
    await step(`Installing dependencies with ${packageManager()}`, pnpmCommand(['install', '--frozen-lockfile']));
    mkdirSync(path.dirname(stampFile), { recursive: true });
    writeFileSync(stampFile, key);
  }
  // Checked before the build, so that a Node that does not run is reported as that and not as a failed build.
  const found = pinnedNode();
  await step(
    'Building the packages',
    pnpmCommand(['exec', 'turbo', 'run', 'build', '--filter=./packages/*', '--output-logs=errors-only']),
  );
  return found;
}

/** Runs the command the user asked for, with the workspace's binaries first on the path. */
function run(node, args) {
  const child = spawn(node, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PATH: [path.dirname(node), binaries, process.env.PATH ?? ''].join(path.delimiter) },
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(`could not start ${node}: ${error.message}`));
  child.on('close', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
  });
}

const [command, ...args] = process.argv.slice(2);
const commands = {
  build: () => undefined,
  start: () => [path.join(root, 'tools', 'start', 'start.ts'), ...args],
  soak: () => [path.join(root, 'tools', 'build', 'src', 'soak.ts'), ...args],
  bench: () => [path.join(root, 'tools', 'bench', 'src', 'main.ts'), ...args],
  test: () => [path.join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', ...args],
};
if (!Object.hasOwn(commands, command)) {
  fail(`expected one of ${Object.keys(commands).join(', ')}, got ${command ?? 'nothing'}.`);
}
const { node, version } = await setUp();
say(`Running on Node ${version}\n`);
const target = commands[command]();
if (target !== undefined) run(node, target);
