import { packageBuild } from '@commute-tools/build';

export default packageBuild(['src/index.ts']);
