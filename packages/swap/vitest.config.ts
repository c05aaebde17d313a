import { defineProject } from 'vitest/config';

export default defineProject({
  resolve: { conditions: ['@commute/source'] },
  ssr: { resolve: { conditions: ['@commute/source'], externalConditions: ['@commute/source'] } },
  test: { name: 'swap', include: ['test/**/*.test.ts'], testTimeout: 120_000 },
});
