import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['@commute/source'] },
  ssr: { resolve: { conditions: ['@commute/source'], externalConditions: ['@commute/source'] } },
  test: {
    projects: ['packages/*/vitest.config.ts', 'tools/*/vitest.config.ts'],
  },
});
