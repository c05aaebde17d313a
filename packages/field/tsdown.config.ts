import { packageBuild, type PackageBuild } from '@commute-tools/build';

const config: PackageBuild = packageBuild(['src/index.ts', 'src/kernels.ts'], { bundle: true });

export default config;
