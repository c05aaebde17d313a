// `node --conditions=@commute/source scripts/write-module.ts`: writes the bytes of the kernels anew, after they were changed.
import { writeFileSync } from 'node:fs';
import { pointModule } from '../src/point-module.ts';

const text = [
  '// Written by scripts/write-module.ts; a test compares it.',
  '',
  '/** The bytes of `pointModule`, in base 64. */',
  'export const POINT_MODULE: string =',
  `  '${Buffer.from(pointModule()).toString('base64')}';`,
  '',
].join('\n');
writeFileSync(new URL('../src/point-module-bytes.ts', import.meta.url), text);
