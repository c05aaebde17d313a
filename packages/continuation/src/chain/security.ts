/**
 * The proven security of a chain: that of its proofs, and that of what links them.
 *
 * The link's challenges are drawn when several commitments are known. In the Johnson regime each of them stands for a list of L
 * words; a challenge has to work for no choice out of all lists that take part. Two take part in the pairwise form, which costs a factor of L². In
 * the global form all do. Where each segment has a proof of its own these are made in the regime of unique decoding, where L is 1; joint proofs are few, and keep
 * so far from the Johnson bound that the product of their lists leaves enough, as long as that takes fewer queries. The paged form has no such challenge; it rests on the hash of its pages.
 *
 * @module
 */
import { CUBIC_MODULUS, MODULUS } from '@commute/field';
import { type OpeningParameters, type RegimeReport, type SecurityRound } from '@commute/poly-commit';
import { type StarkSystem } from '@commute/stark';
import { type ChainSystem, type JointShape } from './system.ts';

/** Rounds of the link, and the least of them and of the proofs. */
export interface ChainSecurity {
  readonly rounds: readonly SecurityRound[];
  readonly bits: number;
}

/** Bits of the round of the bus that all proofs share, if each of their commitments stands for one word. */
function stateBusBits(degree: number, maximumLogRows: number, segments: number, ranges: number): number {
  // Two messages per row in each segment, and in each proof of the ends; tuples of three elements and the number of the bus.
  const error = 2 * 2 ** maximumLogRows * (segments + ranges) * (4 + 2);
  return degree * Math.log2(Number(MODULUS)) - Math.log2(error);
}

/** What the length of lists depends on. */
type ListRequest = Pick<OpeningParameters, 'maximumLogRows' | 'securityBits'> &
  Partial<Pick<OpeningParameters, 'field'>>;

/**
 * log2 of how many words each commitment may stand for, so that so many joint proofs and proofs of the ends have the asked bits together: a choice out of
 * all lists is one of that many to the power of the number of proofs.
 */
export function logListFor(
  { field, maximumLogRows, securityBits }: ListRequest,
  joint: JointShape,
  ranges: number,
): number {
  const segments = joint.proofs * 2 ** joint.logInstances;
  const degree = field?.degree ?? CUBIC_MODULUS.length;
  const spare = stateBusBits(degree, maximumLogRows, segments, ranges) - securityBits;
  return Math.max(0, spare) / (joint.proofs + ranges);
}

/** Most segments that the figures hold for, where they are proved one by one. */
const LOG_SEGMENTS = 24;

function reportOf({ parameters: { report, regime } }: StarkSystem): RegimeReport {
  return report.regimes.find((each) => each.regime === regime) ?? report.best;
}

/** log2 of how many words a commitment stands for. */
function logListOf(system: StarkSystem): number {
  const { regime, m } = reportOf(system);
  return regime === 'unique decoding' || m === undefined ? 0 : Math.log2(m) + system.parameters.logBlowup - 1;
}

/**
 * The proven bits of a chain of up to 2^24 segments, or of the joint proofs that the system is for, and of its link's rounds. docs/continuations.md derives them.
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
  const rows = 2 ** parameters.maximumLogRows;
  const logList = logListOf(chain.segments);
  const bitsOf = (error: number, logChoices: number): number =>
    parameters.field.degree * Math.log2(Number(MODULUS)) - Math.log2(error) - logChoices;
  const { joint, ranges } = chain;
  const proofs = [chain.segments, chain.ends].filter((system) => system !== undefined);
  /** Of all choices of a word for each commitment of a proof of segments, and of the ends. */
  const logChoices = joint === undefined ? 0 : logList * joint.proofs + logListOf(proofs.at(-1)!) * ranges.length;
  const segments = joint === undefined ? 2 ** LOG_SEGMENTS : joint.proofs * 2 ** joint.logInstances;
  const rounds: SecurityRound[] =
    chain.link.form === 'pairwise'
      ? [
          // Difference of two rational functions with denominators of up to 2·rows each, over all choices out of two lists.
          { name: 'shared point', bits: bitsOf(4 * rows, 2 * logList) },
          // A·P + B·R_K·P' - 1.
          { name: 'distinct keys', bits: bitsOf(3 * rows, logList) },
        ]
      : chain.link.form === 'paged'
        ? // Collisions among digests of four elements.
          [{ name: 'hash of pages', bits: 128 }]
        : [
            {
              name: 'state bus',
              bits:
                stateBusBits(parameters.field.degree, parameters.maximumLogRows, segments, ranges.length) - logChoices,
            },
          ];
  const least = proofs.map((system) => reportOf(system).bits);
  return { rounds, bits: Math.min(...rounds.map(({ bits }) => bits), ...least) };
}
