import { packageTests, type PackageTests } from '@commute-tools/build/tests';

const config: PackageTests = packageTests('rho-discovery');

export default config;
