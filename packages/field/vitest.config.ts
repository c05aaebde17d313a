import { packageTests, type PackageTests } from '@commute-tools/build/tests';

const config: PackageTests = packageTests('field');

export default config;
