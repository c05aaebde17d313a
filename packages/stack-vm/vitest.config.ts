import { packageTests, type PackageTests } from '@commute-tools/build/tests';

const config: PackageTests = packageTests('stack-vm');

export default config;
