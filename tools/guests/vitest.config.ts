import { defineProject, type UserWorkspaceConfig } from 'vitest/config';

const config: UserWorkspaceConfig = defineProject({
  resolve: { conditions: ['@commute/source'] },
  ssr: { resolve: { conditions: ['@commute/source'], externalConditions: ['@commute/source'] } },
  test: { name: 'guests', include: ['test/**/*.test.ts'], testTimeout: 120_000 },
});

export default config;
