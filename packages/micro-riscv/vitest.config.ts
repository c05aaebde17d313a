import { packageTests, type PackageTests } from '@commute-tools/build/tests';

const config: PackageTests = packageTests('micro-riscv');

export default config;
