import { defineConfig, type ViteUserConfig } from 'vitest/config';

const config: ViteUserConfig = defineConfig({
  resolve: { conditions: ['@commute/source'] },
  ssr: { resolve: { conditions: ['@commute/source'], externalConditions: ['@commute/source'] } },
  test: { include: ['test/broken/*.ts'] },
});

export default config;
