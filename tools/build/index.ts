import type { UserConfig } from 'tsdown';

/**
 * The one way packages are built: ESM files that mirror `src`, with declarations from isolated declarations.
 *
 * @param entry - source files that are entry points, one per `exports` subpath.
 */
export function packageBuild(entry: readonly string[]): UserConfig {
  return {
    entry: [...entry],
    format: 'esm',
    platform: 'neutral',
    target: 'es2023',
    outDir: 'dist',
    unbundle: true,
    sourcemap: true,
    dts: { oxc: true },
    fixedExtension: false,
    clean: true,
    deps: { neverBundle: [/^[^./]/] },
  };
}
