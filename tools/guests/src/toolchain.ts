import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { diskBuilds, programBuilds, targets, type GuestBuild, type GuestTarget } from './programs.ts';

/** Folder of this package. */
export const packageFolder: string = dirname(dirname(fileURLToPath(import.meta.url)));

/** Folder of the built ELF files. */
export const distFolder: string = join(packageFolder, 'dist');

const compiler = 'riscv64-unknown-elf-gcc';

/** The compiler and linker whose output is committed: those of Debian 12. */
export const expectedVersions = { gcc: '12.2.0', binutils: '2.40' } as const;

const compileFlags = [
  '-O2',
  '-ffreestanding',
  '-fno-pic',
  '-fno-common',
  '-fno-stack-protector',
  '-fno-asynchronous-unwind-tables',
  '-fno-ident',
  '-fno-builtin',
  '-fno-tree-loop-distribute-patterns',
  '-Wall',
  '-Wextra',
  '-Werror',
] as const;

const linkFlags = [
  '-nostdlib',
  '-static',
  '-Wl,--build-id=none',
  '-Wl,--gc-sections',
  '-Wl,--fatal-warnings',
  '-Wl,-z,max-page-size=4096',
] as const;

/** A program that does one step of a machine above: its sources, its link script and its flags are in one folder. */
function stepBuild(folder: string, target: GuestTarget, output: string): GuestBuild {
  const { architecture, abi } = targets[target];
  const path = join(packageFolder, folder);
  const sources = readdirSync(path)
    .filter((name) => /\.[cS]$/.test(name))
    .sort()
    .map((name) => `${folder}/${name}`);
  const flags = readFileSync(join(path, 'flags.txt'), 'utf8').split(/\s+/).filter(Boolean);
  return { output, sources, linkScript: `${folder}/link.ld`, architecture, abi, flags };
}

/** Every ELF file of this package. */
export function allBuilds(): GuestBuild[] {
  return [
    ...programBuilds(),
    ...diskBuilds(),
    stepBuild('interpreter', 'micro', 'interpreter.micro.elf'),
    stepBuild('tape', 'fast', 'tape.elf'),
  ];
}

/**
 * Explains why the toolchain cannot reproduce the committed files, or returns `undefined` if it can.
 */
export function toolchainProblem(): string | undefined {
  let gcc: string;
  let linker: string;
  try {
    gcc = execFileSync(compiler, ['-dumpfullversion'], { encoding: 'utf8' }).trim();
    linker = execFileSync(compiler, ['-Wl,--version', '-nostdlib'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return `${compiler}: expected version ${expectedVersions.gcc}, got no such program (Debian 12: apt-get install gcc-riscv64-unknown-elf)`;
  }
  if (gcc !== expectedVersions.gcc) {
    return `${compiler}: expected version ${expectedVersions.gcc}, got ${gcc}: its output may differ from the committed files`;
  }
  const binutils = /(\d+\.\d+)/.exec(linker.split('\n')[0] ?? '')?.[1] ?? 'unknown';
  if (binutils !== expectedVersions.binutils) {
    return `linker: expected binutils ${expectedVersions.binutils}, got ${binutils}: its output may differ from the committed files`;
  }
  return undefined;
}

/** Name of the guest without the endings that tell its machine. */
export function guestName(guest: GuestBuild): string {
  return guest.output.replace(/(\.micro|\.multiply)?\.elf$/, '');
}

/**
 * Compiles and links one guest. The bytes depend on the sources and the toolchain only: paths are relative, nothing is
 * stamped. What the compiler complains about goes to the error output.
 *
 * @param output - path of the ELF file to write.
 * @returns whether the guest was built.
 */
export function buildGuest(guest: GuestBuild, output: string): boolean {
  const scratch = mkdtempSync(join(tmpdir(), 'commute-guest-'));
  const machine = [`-march=${guest.architecture}`, `-mabi=${guest.abi}`];
  const run = (args: readonly string[]): boolean =>
    spawnSync(compiler, args, { cwd: packageFolder, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
  try {
    const objects: string[] = [];
    for (const source of guest.sources) {
      const object = join(scratch, `${source.replaceAll('/', '.')}.o`);
      const prefix = `-ffile-prefix-map=${packageFolder}=.`;
      if (!run([...machine, ...compileFlags, ...guest.flags, prefix, '-c', source, '-o', object])) return false;
      objects.push(object);
    }
    return run([...machine, ...linkFlags, '-T', guest.linkScript, ...objects, '-o', output]);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
