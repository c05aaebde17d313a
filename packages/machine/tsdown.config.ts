import { packageBuild, type PackageBuild } from '@commute-tools/build';

const config: PackageBuild = packageBuild(['src/index.ts', 'src/conformance.ts'], { bundle: true });

export default config;
