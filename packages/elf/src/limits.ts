import { assertInteger } from '@commute/errors';
import type { ElfLimits } from './types.ts';

/**
 * Fills in the defaults.
 *
 * @throws RangeMismatchError `ELF_LIMIT_RANGE` if a limit is not an integer in its range.
 */
export function completeLimits(limits: ElfLimits): Required<ElfLimits> {
  const complete = {
    maximumMemoryBytes: limits.maximumMemoryBytes ?? 2 ** 30,
    maximumProgramHeaders: limits.maximumProgramHeaders ?? 256,
    maximumSymbols: limits.maximumSymbols ?? 2 ** 16,
    maximumSymbolNameBytes: limits.maximumSymbolNameBytes ?? 512,
  };
  assertInteger('ELF_LIMIT_RANGE', 'maximumMemoryBytes', complete.maximumMemoryBytes, 0, 2 ** 32);
  assertInteger('ELF_LIMIT_RANGE', 'maximumProgramHeaders', complete.maximumProgramHeaders, 0, 65534);
  assertInteger('ELF_LIMIT_RANGE', 'maximumSymbols', complete.maximumSymbols, 0, 2 ** 22);
  assertInteger('ELF_LIMIT_RANGE', 'maximumSymbolNameBytes', complete.maximumSymbolNameBytes, 0, 65536);
  return complete;
}
