import { packageBuild, type PackageBuild } from '@commute-tools/build';

const config: PackageBuild = packageBuild(['src/index.ts', 'src/kit.ts', 'src/node.ts', 'src/node/worker.ts']);

export default config;
