// Prints `N passed, N failed` for a JSON report of vitest. A file that could not be loaded counts as one failure.

import { readFileSync } from 'node:fs';
import process from 'node:process';

const report = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const assertions = report.testResults.flatMap((file) => file.assertionResults);
const broken = report.testResults.filter(
  (file) => file.status === 'failed' && !file.assertionResults.some((each) => each.status === 'failed'),
);
const count = (status) => assertions.filter((each) => each.status === status).length;
for (const each of assertions.filter(({ status }) => status === 'failed')) console.log(`failed: ${each.fullName}`);
for (const file of broken) console.log(`failed: ${file.name}: ${file.message}`);
console.log(`${count('passed')} passed, ${count('failed') + broken.length} failed`);
