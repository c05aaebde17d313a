/**
 * The proven security of a chain: that of its proofs, and that of what links them.
 *
 * The link's challenges are drawn when several commitments are known. In the Johnson regime each of them stands for a list of L
 * words; a challenge has to work for no choice out of all lists that take part. Two take part in the pairwise form, which costs a factor of L². In
 * the global form all do, so there the proofs are made in the regime of unique decoding, where L is 1. The paged form has no such challenge; it rests on
 * the hash of its pages.
 *
 * @module
 */
import { MODULUS } from '@commute/field';
import { type RegimeReport, type SecurityRound } from '@commute/poly-commit';
import { type StarkSystem } from '@commute/stark';
import { type ChainSystem } from './system.ts';

/** Rounds of the link, and the least of them and of the proofs. */
export interface ChainSecurity {
  readonly rounds: readonly SecurityRound[];
  readonly bits: number;
}

/** Most segments that the figures hold for. */
const LOG_SEGMENTS = 24;

function reportOf({ parameters: { report, regime } }: StarkSystem): RegimeReport {
  return report.regimes.find((each) => each.regime === regime) ?? report.best;
}

/**
 * The proven bits of a chain of up to 2^24 segments, and of its link's rounds. docs/continuations.md derives them.
 *
 * @example
 * ```ts
 * import { chainSecurity, createChainSystem, createMachineProgram, createProgram } from '@commute/continuation';
 * import { createFieldEngine } from '@commute/field';
 * const code = Uint8Array.from([0x93, 0x08, 0xd0, 0x05, 0x73, 0, 0, 0]); // li a7, 93; ecall
 * const program = createProgram({ entry: 0x1000, segments: [{ address: 0x1000, bytes: code, executable: true }] });
 * const engine = await createFieldEngine();
 * const { bits } = chainSecurity(createChainSystem(createMachineProgram(program), { engine }));
 * if (bits < 100) throw new Error(String(bits));
 * engine.dispose();
 * ```
 */
export function chainSecurity(chain: ChainSystem): ChainSecurity {
  const { parameters } = chain.segments;
  const { regime, m } = reportOf(chain.segments);
  const rows = 2 ** parameters.maximumLogRows;
  const list = regime === 'unique decoding' || m === undefined ? 1 : m * 2 ** (parameters.logBlowup - 1);
  const bitsOf = (error: number): number => parameters.field.degree * Math.log2(Number(MODULUS)) - Math.log2(error);
  const rounds: SecurityRound[] =
    chain.link.form === 'pairwise'
      ? [
          // Difference of two rational functions with denominators of up to 2·rows each, over all choices out of two lists.
          { name: 'shared point', bits: bitsOf(4 * rows * list ** 2) },
          // A·P + B·R_K·P' - 1.
          { name: 'distinct keys', bits: bitsOf(3 * rows * list) },
        ]
      : chain.link.form === 'paged'
        ? // Collisions among digests of four elements.
          [{ name: 'hash of pages', bits: 128 }]
        : [
            // Two messages per row in each segment, and in each proof of the ends; tuples of three elements and the number of the bus.
            { name: 'state bus', bits: bitsOf(2 * rows * (2 ** LOG_SEGMENTS + chain.ranges.length) * (4 + 2)) },
          ];
  const proofs = [chain.segments, chain.ends].flatMap((system) =>
    system === undefined ? [] : [reportOf(system).bits],
  );
  return { rounds, bits: Math.min(...rounds.map(({ bits }) => bits), ...proofs) };
}
