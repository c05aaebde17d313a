import { packageBuild, type PackageBuild } from '@commute-tools/build';

const config: PackageBuild = packageBuild(['src/index.ts'], { bundle: true });

export default config;
