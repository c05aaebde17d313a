import { packageTests, type PackageTests } from '@commute-tools/build/tests';

const config: PackageTests = packageTests('rholang');

export default config;
