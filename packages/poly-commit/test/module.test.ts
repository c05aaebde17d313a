import { bytesFromBase64 } from '@commute/wasm';
import { expect, test } from 'vitest';
import { verifierModule } from '../src/verifier/module.ts';
import { VERIFIER_MODULE } from '../src/verifier/module-bytes.ts';

test('the bytes of the kernels are what they are emitted as: run scripts/write-module.ts after a change', () => {
  expect(bytesFromBase64(VERIFIER_MODULE)).toEqual(verifierModule());
});
