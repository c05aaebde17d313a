import { packageBuild, type PackageBuild } from '@commute-tools/build';

const config: PackageBuild = packageBuild(['src/index.ts', 'src/node.ts', 'src/namespace/worker.ts']);

export default config;
