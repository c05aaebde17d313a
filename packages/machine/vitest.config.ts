import { packageTests, type PackageTests } from '@commute-tools/build/tests';

const config: PackageTests = packageTests('machine');

export default config;
