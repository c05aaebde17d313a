import { packageTests, type PackageTests } from '@commute-tools/build/tests';

const config: PackageTests = packageTests('poly-commit');

export default config;
