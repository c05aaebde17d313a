import { packageTests, type PackageTests } from '@commute-tools/build/tests';

const config: PackageTests = packageTests('fast-vm');

export default config;
