import { defineConfig, type ViteUserConfig } from 'vitest/config';

const config: ViteUserConfig = defineConfig({
  test: { projects: ['packages/*/vitest.config.ts', 'tools/*/vitest.config.ts'] },
});

export default config;
