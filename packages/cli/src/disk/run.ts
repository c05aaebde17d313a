import { executeProgram } from '@commute/continuation';
import { decodeDisk, Disk, DiskHost, encodeDisk, encodeDiskArgument, proveDisk, readRequest } from '@commute/disk';
import type { CommandHelp } from '../arguments.ts';
import type { CommandContext } from '../command.ts';
import { EXIT, RejectedError, type ExitCode } from '../failure.ts';
import { readJob, readNamed, writeNamed } from '../program.ts';
import { Progress } from '../progress.ts';
import { provableElf, refusalText } from '../provable-elf.ts';
import { bold, grouped, hex, size } from '../terminal.ts';

export const DISK_RUN: CommandHelp = {
  name: 'disk run',
  positional: '<elf>',
  help: 'run an RV32I or RV32IM program with a disk, and write what it takes to prove that run',
  options: {
    input: { value: 'FILE', help: 'bytes the program can take; - for standard input' },
    disk: { value: 'FILE', help: 'the disk at first; an empty one unless told' },
    after: { value: 'FILE', help: 'where the disk afterwards goes (default run.disk)' },
    stream: { value: 'FILE', help: 'where the whole input goes, for `commute prove --input` (default run.stream)' },
    argument: { value: 'FILE', help: 'where the argument about the disk goes (default run.argument)' },
    output: { value: 'FILE', help: 'where the output of the program goes; standard output unless told' },
    'max-steps': { value: 'N', help: 'give up after N cycles if the program has not ended' },
  },
};

/** Fields of `commute disk run --json`. */
export interface DiskRunReport {
  readonly command: 'disk run';
  readonly exitCode: number;
  readonly cycles: number;
  /** Roots of the disk: 0x and 64 hex digits. */
  readonly before: string;
  readonly after: string;
  readonly reads: number;
  readonly writes: number;
  /** Lengths in bytes: of the whole input, of the argument's file, of what the program took from, and of what it put out. */
  readonly streamBytes: number;
  readonly argumentBytes: number;
  readonly inputBytes: number;
  readonly outputBytes: number;
}

function readDisk(path: string | undefined): Disk {
  if (path === undefined) return new Disk();
  const decoded = decodeDisk(readNamed('disk', path));
  if (!decoded.ok) throw new RejectedError('disk', `${path} is not the file of a disk: ${decoded.reason}`);
  return decoded.disk;
}

/** `commute disk run`. */
export async function diskRun({ args, terminal, signal }: CommandContext): Promise<ExitCode> {
  const job = readJob(args);
  const program = provableElf(job.elf, args.positional);
  const before = readDisk(args.text('disk'));
  const host = new DiskHost(before.clone(), job.input);
  const progress = new Progress(terminal, 'execute', 'cycles');
  const run = await executeProgram(program, {
    more: (written) => host.answer(written),
    mostCycles: job.maximumSteps,
    signal,
    onProgress: ({ done }) => {
      progress.show(done);
    },
  });
  terminal.endStatus();
  if (!run.ok) throw new RejectedError('disk run', refusalText(run));
  host.answer(run.output);
  const place = host.refusal?.at ?? host.position;
  if (place !== run.output.length) {
    const reason = host.refusal?.reason ?? 'incomplete-request';
    const message = `the program does not speak to a disk: ${reason} at byte ${grouped(place)} of its output, exit code ${String(run.exitCode)}`;
    throw new RejectedError('disk run', message);
  }
  const [claim, argument] = [
    { before: before.root(), after: host.disk.root(), input: job.input, output: host.output() },
    proveDisk(before, run.output),
  ];
  const file = encodeDiskArgument({ claim, argument });
  writeNamed('after', args.text('after') ?? 'run.disk', encodeDisk(host.disk));
  writeNamed('stream', args.text('stream') ?? 'run.stream', run.input);
  writeNamed('argument', args.text('argument') ?? 'run.argument', file);
  const outputPath = args.text('output');
  if (outputPath !== undefined) writeNamed('output', outputPath, claim.output);
  else if (!args.flag('json')) terminal.out(claim.output);
  const report: DiskRunReport = {
    command: 'disk run',
    exitCode: run.exitCode,
    cycles: run.cycles,
    before: hex(claim.before),
    after: hex(claim.after),
    ...countRequests(run.output),
    streamBytes: run.input.length,
    argumentBytes: file.length,
    inputBytes: claim.input.length,
    outputBytes: claim.output.length,
  };
  if (args.flag('json')) terminal.out(`${JSON.stringify(report)}\n`);
  else {
    terminal.note(
      `${bold(`ran ${grouped(run.cycles)} cycles`)}, exit code ${String(run.exitCode)}, ${grouped(report.reads)} blocks read, ${grouped(report.writes)} written`,
    );
    terminal.note(`disk before ${report.before}`);
    terminal.note(`disk after  ${report.after}`);
    terminal.note(`whole input ${size(report.streamBytes)}, argument ${size(report.argumentBytes)}`);
  }
  return EXIT.ok;
}

function countRequests(written: Uint8Array): { readonly reads: number; readonly writes: number } {
  let [reads, writes] = [0, 0];
  for (let at = 0; at < written.length;) {
    const verdict = readRequest(written, at);
    if (!verdict.ok) break;
    if (verdict.request.kind === 'read') reads++;
    if (verdict.request.kind === 'write') writes++;
    at = verdict.end;
  }
  return { reads, writes };
}
