import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createFastVM } from '../src/index.ts';
import { guest } from './guests.ts';

describe('sample programs', () => {
  test.for([0, 1, 55, 56, 64, 1000, 5000])('sha256 of %i bytes', (length) => {
    const input = Uint8Array.from({ length }, (_, i) => (i * 7) % 251);
    const vm = createFastVM();
    vm.load(guest('sha256'), { input });
    vm.run(10_000_000);
    expect(vm.halt).toEqual({ kind: 'exit', code: 0 });
    const digest = createHash('sha256').update(input).digest('hex');
    expect(new TextDecoder().decode(vm.output()).trim()).toBe(digest);
  });
});
