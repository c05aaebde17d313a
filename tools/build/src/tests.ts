import { defineProject, type UserWorkspaceConfig } from 'vitest/config';

/** What a package's `vitest.config.ts` exports. */
export type PackageTests = UserWorkspaceConfig;

const conditions = ['@commute/source'];

/**
 * The one way packages are tested: against source, without a build.
 *
 * @param name - the package's name in reports, without the scope.
 */
export function packageTests(name: string): PackageTests {
  return defineProject({
    resolve: { conditions },
    ssr: { resolve: { conditions, externalConditions: conditions } },
    test: {
      name,
      include: ['test/**/*.test.ts'],
      testTimeout: 120_000,
      hookTimeout: 120_000,
      // Worker threads and child processes a test starts read source too.
      execArgv: ['--conditions=@commute/source'],
    },
  });
}
