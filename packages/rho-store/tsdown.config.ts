import { packageBuild, type PackageBuild } from '@commute-tools/build';

const config: PackageBuild = packageBuild(['src/index.ts', 'src/lmdb.ts', 'src/bytes.ts', 'src/conformance.ts']);

export default config;
