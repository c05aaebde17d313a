/** Which machine an ELF file is for: `fast` is RV64IMAC, `micro` is RV32I, `multiply` is RV32IM for the same machine with the extension M. */
export type GuestTarget = 'fast' | 'micro' | 'multiply';

/** How the sources of one target are compiled. */
export interface TargetSettings {
  /** Value of `-march`. */
  readonly architecture: string;
  /** Value of `-mabi`. */
  readonly abi: string;
  /** What is appended to a program's name: `sha256.elf`, `sha256.micro.elf`. */
  readonly suffix: string;
  /** Sources of the runtime, relative to this package. */
  readonly runtime: readonly string[];
}

/** One ELF file to build. All paths are relative to this package. */
export interface GuestBuild {
  /** Name of the file under `dist`. */
  readonly output: string;
  readonly sources: readonly string[];
  readonly linkScript: string;
  readonly architecture: string;
  readonly abi: string;
  /** Flags after the common ones. */
  readonly flags: readonly string[];
}

const commonRuntime = ['runtime/start.S', 'runtime/host.c', 'runtime/memory.c', 'runtime/bits.c'] as const;

/** The targets of the sample programs. */
export const targets: Readonly<Record<GuestTarget, TargetSettings>> = {
  fast: { architecture: 'rv64imac', abi: 'lp64', suffix: '.elf', runtime: commonRuntime },
  micro: {
    architecture: 'rv32i',
    abi: 'ilp32',
    suffix: '.micro.elf',
    runtime: [...commonRuntime, 'runtime/arithmetic32.S', 'runtime/arithmetic64.c'],
  },
  multiply: {
    architecture: 'rv32im',
    abi: 'ilp32',
    suffix: '.multiply.elf',
    runtime: [...commonRuntime, 'runtime/arithmetic64.c'],
  },
};

/** Names of the sample programs. */
export const programNames = [
  'hello',
  'echo',
  'sha256',
  'sort',
  'sieve',
  'collatz',
  'mandelbrot',
  'memory',
  'arithmetic',
  'wordcount',
  'json',
  'lz',
  'lisp',
] as const;

/** Name of a sample program. */
export type ProgramName = (typeof programNames)[number];

/** C files of the programs that are more than `programs/<name>.c`. */
const parts: Partial<Record<ProgramName, readonly string[]>> = {
  lisp: ['main', 'reader', 'evaluator', 'rewrite', 'builtins', 'printer', 'heap'],
};

function sourcesOf(name: ProgramName): readonly string[] {
  return parts[name]?.map((part) => `programs/${name}/${part}.c`) ?? [`programs/${name}.c`];
}

/** Flags of every sample program, after those that {@link GuestBuild} describes. */
const programFlags = ['-std=c11', '-ffunction-sections', '-fdata-sections', '-Iruntime'] as const;

/** The ELF files of the sample programs. */
export function programBuilds(): GuestBuild[] {
  return programNames.flatMap((name) =>
    Object.values(targets).map((target) => ({
      output: `${name}${target.suffix}`,
      sources: [...target.runtime, ...sourcesOf(name)],
      linkScript: 'runtime/link.ld',
      architecture: target.architecture,
      abi: target.abi,
      flags: programFlags,
    })),
  );
}

/** The program that sorts on a disk (`@commute/disk`), for the micro machine and its extension M. */
export function diskBuilds(): GuestBuild[] {
  return [targets.micro, targets.multiply].map((target) => ({
    output: `disksort${target.suffix}`,
    sources: [...target.runtime, 'disk/disk.c', 'disk/disksort.c'],
    linkScript: 'runtime/link.ld',
    architecture: target.architecture,
    abi: target.abi,
    flags: [...programFlags, '-Idisk'],
  }));
}
