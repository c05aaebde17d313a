import { createFieldEngineSync } from '@commute/field';
import { expect, it } from 'vitest';
import { chainSecurity, createChainSystem, LINK_FORMS } from '../src/index.ts';
import { toyProgram } from './toy.ts';

it('proves what is asked for, in rounds of the link too', () => {
  const engine = createFieldEngineSync();
  for (const form of LINK_FORMS) {
    for (const securityBits of [100, 128]) {
      const chain = createChainSystem(toyProgram(new Map([[0n, 1n]]), 1), { form, securityBits, engine });
      const { bits, rounds } = chainSecurity(chain);
      expect(bits).toBeGreaterThanOrEqual(securityBits);
      expect(Math.min(...rounds.map((each) => each.bits))).toBeGreaterThanOrEqual(form === 'paged' ? 128 : 140);
      // One challenge for the commitments of all segments: each of them has to be one word.
      expect(chain.segments.parameters.regime === 'unique decoding').toBe(form === 'global');
    }
  }
  engine.dispose();
});

it('is the least of all, where a proof or the link is weaker', () => {
  const chain = createChainSystem(toyProgram(new Map([[0n, 1n]]), 1), { securityBits: 40, queryWork: 2 });
  expect(Math.floor(chainSecurity(chain).bits)).toBe(40);
});
