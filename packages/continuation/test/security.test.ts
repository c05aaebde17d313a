import { readFileSync } from 'node:fs';
import { createFieldEngineSync } from '@commute/field';
import { type RegimeReport } from '@commute/poly-commit';
import { afterAll, describe, expect, it } from 'vitest';
import {
  chainSecurity,
  type ChainSystem,
  createChainSystem,
  createMachineProgram,
  createProgram,
  LINK_FORMS,
} from '../src/index.ts';
import { call, image } from './assemble.ts';
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

describe('the page of the argument', () => {
  const page = readFileSync(new URL('../../../docs/continuations.md', import.meta.url), 'utf8');
  const rowsOf = (isRow: (cells: readonly string[]) => boolean): string[][] =>
    page
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      )
      .filter(isRow);
  const engine = createFieldEngineSync();
  const machine = createMachineProgram(createProgram(image(call(93, 0))));
  afterAll(() => {
    engine.dispose();
  });
  const reportOf = ({ segments: { parameters } }: ChainSystem): RegimeReport =>
    parameters.report.regimes.find(({ regime }) => regime === parameters.regime)!;

  it('gives the bits of each round that are computed', () => {
    const names: Readonly<Record<string, string>> = {
      'buses of one proof': 'buses',
      folding: 'folding 1',
      'queries, with their work': 'queries',
    };
    const chains = LINK_FORMS.flatMap((form) =>
      [100, 128].map((securityBits) => createChainSystem(machine, { form, securityBits, engine })),
    );
    const rows = rowsOf((cells) => cells.length === 8 && cells[0] !== 'round' && !cells[0]!.startsWith('--'));
    const computed = chains.map((chain) => {
      const { rounds, bits } = chainSecurity(chain);
      const all = [...rounds, ...reportOf(chain).rounds].map(({ name, bits: each }): [string, string] => [
        name,
        each.toFixed(1),
      ]);
      return new Map([...all, ['**proven**', `**${bits.toFixed(1)}**`]]);
    });
    for (const [name, , ...given] of rows) {
      const expected = computed.map((each) => each.get(names[name!] ?? name!) ?? '');
      expect([name, ...given]).toEqual([name, ...expected]);
    }
    // No round is left out.
    const listed = rows.map(([name]) => names[name!] ?? name);
    expect(new Set(listed)).toEqual(new Set(computed.flatMap((each) => [...each.keys()])));
  });

  it('gives queries and bits of joint proofs that are computed', () => {
    const chainOf = (securityBits: number, proofs: number): ChainSystem =>
      createChainSystem(machine, { form: 'global', joint: { proofs, logInstances: 4 }, securityBits, engine });
    const rows = rowsOf((cells) => cells.length === 6 && /^1[02][08]$/.test(cells[0]!));
    expect(rows).toHaveLength(12);
    for (const [asked, proofs, m, ...given] of rows) {
      const chain = chainOf(Number(asked), Number.parseInt(proofs!));
      const { parameters } = chain.segments;
      const { rounds, bits } = chainSecurity(chain);
      const [queries, computed] = [String(parameters.queries), [rounds[0]!.bits, bits].map((each) => each.toFixed(1))];
      expect([proofs, ...given]).toEqual([proofs, queries, ...computed]);
      expect([proofs, m]).toEqual([proofs, String(reportOf(chain).m ?? '')]);
      expect(bits).toBeGreaterThanOrEqual(Number(asked));
    }
    const one = [1, 4, 5, 8, 12, 16, 20].map(
      (proofs) => new Map(reportOf(chainOf(100, proofs)).rounds.map((each) => [each.name, each.bits])),
    );
    const ranges = ['buses', 'constraints', 'out of domain', 'batching', 'folding 1'].map((name) => {
      const values = one.map((each) => each.get(name)!);
      return `${name.replace(' 1', '')} ${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)}`;
    });
    expect(page).toContain(ranges.join(', '));
  });
});
