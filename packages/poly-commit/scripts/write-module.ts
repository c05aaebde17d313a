// `node --conditions=@commute/source scripts/write-module.ts`: writes the bytes of the kernels anew, after they were changed.
import { writeFileSync } from 'node:fs';
import { verifierModule } from '../src/verifier/module.ts';

const text = [
  '// Written by scripts/write-module.ts; a test compares it.',
  '',
  '/** The bytes of `verifierModule`, in base 64. */',
  'export const VERIFIER_MODULE: string =',
  `  '${Buffer.from(verifierModule()).toString('base64')}';`,
  '',
].join('\n');
writeFileSync(new URL('../src/verifier/module-bytes.ts', import.meta.url), text);
