import { packageTests, type PackageTests } from '@commute-tools/build/tests';

const config: PackageTests = packageTests('stack-proof');

export default config;
