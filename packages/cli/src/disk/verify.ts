import { decodeRunFile } from '@commute/continuation';
import { decodeDiskArgument, verifyDisk } from '@commute/disk';
import type { CommandHelp } from '../arguments.ts';
import type { CommandContext } from '../command.ts';
import { EXIT, UsageError, type ExitCode } from '../failure.ts';
import { readNamed } from '../program.ts';
import { bold, grouped, hex, size } from '../terminal.ts';

export const DISK_VERIFY: CommandHelp = {
  name: 'disk verify',
  positional: '<argument>',
  help: 'verify that the disk of a proven run gave back what was written; `commute verify` verifies the run',
  options: {
    proof: { value: 'FILE', help: 'the proof of the run, whose input and output are the streams (default run.proof)' },
    before: { value: 'ROOT', help: 'the root that the disk must have had: 0x and 64 hex digits' },
    after: { value: 'ROOT', help: 'the root that it must have afterwards' },
    input: { value: 'FILE', help: 'the bytes that the program must have been given to take' },
    output: { value: 'FILE', help: 'the output that it must have put out' },
  },
};

/** Fields of `commute disk verify --json`. */
export interface DiskVerifyReport {
  readonly command: 'disk verify';
  readonly valid: boolean;
  /** Why not; null if it is valid. */
  readonly reason: string | null;
  /** What is claimed; null if the file cannot be read. */
  readonly before: string | null;
  readonly after: string | null;
  readonly inputBytes: number | null;
  readonly outputBytes: number | null;
  /** Null if it is not valid. */
  readonly reads: number | null;
  readonly writes: number | null;
}

/** `commute disk verify`. */
export function diskVerify({ args, terminal }: CommandContext): Promise<ExitCode> {
  const proofPath = args.text('proof') ?? 'run.proof';
  const [argument, proof] = [readNamed('argument', args.positional), readNamed('proof', proofPath)];
  const root = (name: string): string | undefined => {
    const text = args.text(name);
    if (text !== undefined && !/^0x[0-9a-f]{64}$/i.test(text)) {
      throw new UsageError(name, `--${name}: expected 0x and 64 hex digits, got ${text}`);
    }
    return text?.toLowerCase();
  };
  const wanted = { before: root('before'), after: root('after') };
  const bytesOf = (name: string): Uint8Array | undefined => {
    const path = args.text(name);
    return path === undefined ? undefined : readNamed(name, path);
  };
  const report = judge(argument, proof, { ...wanted, input: bytesOf('input'), output: bytesOf('output') });
  if (args.flag('json')) terminal.out(`${JSON.stringify(report)}\n`);
  else if (report.valid) {
    terminal.note(
      `${bold(`${args.positional} is valid`)} for the streams of ${proofPath}: ${grouped(report.reads ?? 0)} blocks read, ${grouped(report.writes ?? 0)} written`,
    );
    terminal.note(`disk before ${report.before ?? ''}`);
    terminal.note(`disk after  ${report.after ?? ''}`);
    terminal.note(`input ${size(report.inputBytes ?? 0)}, output ${size(report.outputBytes ?? 0)}`);
    terminal.note(`that the program wrote and read these streams is for commute verify ${proofPath} to say`);
  } else terminal.note(`${bold(`${args.positional} is refused`)}: ${report.reason ?? ''}`);
  return Promise.resolve(report.valid ? EXIT.ok : EXIT.rejected);
}

interface Expectations {
  readonly before: string | undefined;
  readonly after: string | undefined;
  readonly input: Uint8Array | undefined;
  readonly output: Uint8Array | undefined;
}

function judge(argument: Uint8Array, proof: Uint8Array, wanted: Expectations): DiskVerifyReport {
  const refused: DiskVerifyReport = {
    command: 'disk verify',
    valid: false,
    reason: null,
    before: null,
    after: null,
    inputBytes: null,
    outputBytes: null,
    reads: null,
    writes: null,
  };
  const file = decodeDiskArgument(argument);
  if (!file.ok) return { ...refused, reason: file.reason };
  const { claim } = file.value;
  const claimed = {
    ...refused,
    before: hex(claim.before),
    after: hex(claim.after),
    inputBytes: claim.input.length,
    outputBytes: claim.output.length,
  };
  const differs = (['before', 'after'] as const).find(
    (name) => wanted[name] !== undefined && wanted[name] !== claimed[name],
  );
  if (differs !== undefined) return { ...claimed, reason: `other-root-${differs}` };
  for (const name of ['input', 'output'] as const) {
    const bytes = wanted[name];
    if (bytes !== undefined && Buffer.compare(bytes, claim[name]) !== 0) return { ...claimed, reason: `other-${name}` };
  }
  const run = decodeRunFile(proof);
  if (!run.ok) return { ...claimed, reason: `proof: ${run.reason}` };
  const streams = { written: run.value.claim.output, given: run.value.claim.input };
  const verdict = verifyDisk(claim, streams, file.value.argument);
  if (!verdict.ok) return { ...claimed, reason: verdict.reason };
  return { ...claimed, valid: true, reads: verdict.reads, writes: verdict.writes };
}
