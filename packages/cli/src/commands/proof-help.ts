import type { CommandHelp } from '../arguments.ts';

/** Bits of proven security that can be asked for. */
export const SECURITY_LEVELS = ['100', '128'] as const;

export const PROVE: CommandHelp = {
  name: 'prove',
  positional: '<elf>',
  help: 'run an RV32I or RV32IM program and write a proof of what it did',
  options: {
    input: { value: 'FILE', help: 'bytes the program can read; - for standard input' },
    out: { value: 'FILE', help: 'where the proof goes (default run.proof)' },
    output: { value: 'FILE', help: 'where the output of the program goes; standard output unless told' },
    'log2-cycles': { value: 'N', help: 'a segment is 2^N cycles (4 to 19, default 16)' },
    link: {
      value: 'FORM',
      help: 'how segments hand memory over: pairwise (default), global, or paged, for programs that touch much memory',
    },
    aggregate: {
      help: 'prove segments together: the proof grows far slower than the run and is verified sooner; takes memory, see --memory',
    },
    memory: {
      value: 'BYTES',
      help: 'what proving may take, about: bounds the segments of one proof with --aggregate (default half of what there is), and the workers',
    },
    security: { value: 'BITS', help: 'proven bits of security: 100 (default) or 128' },
    'max-steps': { value: 'N', help: 'give up after N cycles if the program has not ended' },
    work: { value: 'DIR', help: 'keep finished segments there; the same command continues a proof that was stopped' },
    workers: {
      value: 'N',
      help: 'threads that prove segments (default 1): side by side where there are many of them, else each segment together, and joint proofs by up to four, unless --threads is given',
    },
    eager: {
      help: 'prove each segment while the program goes on: less memory, but a program that traps is refused late (pairwise, one worker)',
    },
    threads: {
      value: 'N',
      help: 'threads of one prover, for each segment (default 1); with --workers, of each of them',
    },
  },
};

export const VERIFY: CommandHelp = {
  name: 'verify',
  positional: '<proof>',
  help: 'verify a proof that `commute prove` wrote, and say what it proves',
  options: {
    program: {
      value: 'ELF',
      help: 'the program that it must be of: an ELF file, or 0x and the 64 digits of its digest',
    },
    input: { value: 'FILE', help: 'the input that it must be about' },
    output: { value: 'FILE', help: 'the output that it must be about' },
    'exit-code': { value: 'N', help: 'the exit code that it must be about' },
    security: { value: 'BITS', help: 'proven bits of security that it must have: 100 (default) or 128' },
  },
};
