import { packageTests, type PackageTests } from '@commute-tools/build/tests';

const config: PackageTests = packageTests('build');

export default config;
