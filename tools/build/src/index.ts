import type { UserConfig } from 'tsdown';

/** What a package's `tsdown.config.ts` exports. */
export type PackageBuild = UserConfig;

/** How a package is built, besides what all have in common. */
export interface BuildOptions {
  /**
   * One file for each entry point, and those that several share, rather than one for each source file: a process that loads a package waits for each of its
   * files. Not for packages whose files find others by their own address, such as workers.
   */
  readonly bundle?: boolean;
}

/**
 * The one way packages are built: ESM files, with declarations from isolated declarations. They mirror `src` unless they are bundled.
 *
 * @param entry - source files that are entry points, one per `exports` subpath.
 */
export function packageBuild(entry: readonly string[], { bundle = false }: BuildOptions = {}): PackageBuild {
  return {
    entry: [...entry],
    format: 'esm',
    platform: 'neutral',
    target: 'es2023',
    outDir: 'dist',
    unbundle: !bundle,
    sourcemap: true,
    // Each file's declarations come from that file alone, so a build that runs beside others cannot widen a type to `any`.
    dts: { generator: 'oxc' },
    // Docstrings are in the declarations; without them code is loaded sooner.
    outputOptions: { comments: { legal: true, annotation: true, jsdoc: false } },
    fixedExtension: false,
    clean: true,
    logLevel: 'warn',
    deps: { neverBundle: [/^[^./]/] },
  };
}
