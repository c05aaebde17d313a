import { fork, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Placed } from './place.ts';

/** Why an example failed, or nothing if it did not. */
export type Outcomes = Map<Placed, string>;

/** What the runner process reports. */
export type Report = { readonly started: number } | { readonly finished: number; readonly error?: string };

const runner = path.join(import.meta.dirname, 'runner.ts');

/**
 * Runs the examples of one package one after the other in one process, against source. If the process ends or hangs, the
 * example at fault is marked and the rest continues in a new process.
 *
 * @param limitMs - time one example may take.
 */
export async function execute(examples: readonly Placed[], limitMs: number): Promise<Outcomes> {
  const failures: Outcomes = new Map();
  let next = 0;
  while (next < examples.length) next = await executeFrom(examples, next, limitMs, failures);
  return failures;
}

/** Runs examples from index `first`; returns the index to continue from. */
function executeFrom(examples: readonly Placed[], first: number, limitMs: number, failures: Outcomes): Promise<number> {
  return new Promise((resolve) => {
    const rest = examples.slice(first);
    const child = fork(
      runner,
      rest.map((each) => each.file),
      { cwd: rest[0]!.folder, execArgv: ['--conditions=@commute/source', '--no-warnings'], silent: true },
    );
    let current = 0;
    let finished = 0;
    let output = '';
    let timer: NodeJS.Timeout | undefined;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    }
    child.on('message', (report: Report) => {
      clearTimeout(timer);
      if ('started' in report) {
        current = report.started;
        output = '';
        timer = setTimeout(() => {
          output += `still running after ${String(limitMs / 1000)} s`;
          child.kill('SIGKILL');
        }, limitMs);
      } else {
        finished = report.finished + 1;
        if (report.error !== undefined) failures.set(rest[report.finished]!, `${output}${report.error}`);
      }
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (finished >= rest.length) {
        resolve(examples.length);
        return;
      }
      failures.set(
        rest[current]!,
        `${output}\nthe process ended early, with ${signal ?? `code ${String(code)}`}`.trim(),
      );
      resolve(first + current + 1);
    });
  });
}

/** Type-checks all examples in one program. */
export function typeCheck(root: string, examples: readonly Placed[]): Outcomes {
  const failures: Outcomes = new Map();
  const folder = path.join(root, 'out', 'examples');
  mkdirSync(folder, { recursive: true });
  const project = path.join(folder, 'tsconfig.json');
  const config = {
    extends: path.join(root, 'tools', 'tsconfig', 'base.json'),
    compilerOptions: {
      noEmit: true,
      declaration: false,
      declarationMap: false,
      isolatedDeclarations: false,
      noUnusedLocals: false,
      customConditions: ['@commute/source'],
      types: ['node'],
      typeRoots: [path.join(root, 'node_modules', '@types')],
      skipLibCheck: true,
    },
    files: [path.join(root, 'tools', 'tsconfig', 'webassembly.d.ts'), ...examples.map((each) => each.file)],
  };
  writeFileSync(project, JSON.stringify(config));
  const compiler = path.join(root, 'node_modules', 'typescript-7', 'bin', 'tsc');
  const { stdout, stderr, status } = spawnSync(process.execPath, [compiler, '-p', project, '--pretty', 'false'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  const byFile = new Map(examples.map((each) => [each.file, each]));
  for (const line of stdout.split('\n')) {
    const match = /^(?<file>.+?)\((?<line>\d+),\d+\): (?<message>error .*)$/.exec(line);
    const placed = match === null ? undefined : byFile.get(path.resolve(root, match.groups!['file']!));
    if (match === null || placed === undefined) continue;
    const message = `${placed.example.file}:${match.groups!['line']!}: ${match.groups!['message']!}`;
    failures.set(placed, [failures.get(placed), message].filter((part) => part !== undefined).join('\n'));
  }
  if (status !== 0 && failures.size === 0) throw new Error(`tsc failed outside the examples:\n${stdout}${stderr}`);
  return failures;
}
