import { packageTests, type PackageTests } from '@commute-tools/build/tests';

const config: PackageTests = packageTests('riscv-swap');

export default config;
