import path from 'node:path';
import process from 'node:process';
import { defineProject, type UserWorkspaceConfig } from 'vitest/config';

/** What a package's `vitest.config.ts` exports. */
export type PackageTests = UserWorkspaceConfig;

const conditions = ['@commute/source'];

/**
 * The one way packages are tested: against source, without a build, and with the same random cases in every run of a commit.
 *
 * @param name - the package's name in reports, without the scope.
 * @param include - where its tests are.
 */
export function packageTests(name: string, include: readonly string[] = ['test/**/*.test.ts']): PackageTests {
  // Tests start hundreds of processes, which read source: what one has compiled the next need not.
  process.env['NODE_COMPILE_CACHE'] ??= path.join(import.meta.dirname, '..', 'node_modules', '.cache', 'compiled');
  return defineProject({
    resolve: { conditions },
    ssr: { resolve: { conditions, externalConditions: conditions } },
    test: {
      name,
      include: [...include],
      setupFiles: [path.join(import.meta.dirname, 'properties.ts')],
      ...(process.env['COMMUTE_SOAK_LOG'] === undefined
        ? {}
        : { runner: path.join(import.meta.dirname, 'soak-runner.ts') }),
      // Several times what any test takes alone: it finds what hangs, and says nothing of how fast a machine is.
      testTimeout: 300_000,
      hookTimeout: 300_000,
      // Worker threads and child processes a test starts read source too.
      execArgv: ['--conditions=@commute/source'],
    },
  });
}
