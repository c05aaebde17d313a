import { packageTests, type PackageTests } from '../src/tests.ts';

const config: PackageTests = packageTests('broken', ['test/broken/*.ts']);

export default config;
