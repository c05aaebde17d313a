import { packageBuild, type PackageBuild } from '@commute-tools/build';

const config: PackageBuild = packageBuild([
  'src/index.ts',
  'src/main.ts',
  'src/party-worker.ts',
  'src/prove-worker.ts',
  'src/stack-module.ts',
  'src/rho/verify-worker.ts',
]);

export default config;
