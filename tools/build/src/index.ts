import type { UserConfig } from 'tsdown';

/** What a package's `tsdown.config.ts` exports. */
export type PackageBuild = UserConfig;

/**
 * The one way packages are built: ESM files that mirror `src`, with declarations from isolated declarations.
 *
 * @param entry - source files that are entry points, one per `exports` subpath.
 */
export function packageBuild(entry: readonly string[]): PackageBuild {
  return {
    entry: [...entry],
    format: 'esm',
    platform: 'neutral',
    target: 'es2023',
    outDir: 'dist',
    unbundle: true,
    sourcemap: true,
    // Each file's declarations come from that file alone, so a build that runs beside others cannot widen a type to `any`.
    dts: { generator: 'oxc' },
    fixedExtension: false,
    clean: true,
    logLevel: 'warn',
    deps: { neverBundle: [/^[^./]/] },
  };
}
