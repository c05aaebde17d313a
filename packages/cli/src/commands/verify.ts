import {
  decodeRunFile,
  formOfRun,
  programDigest,
  type RunClaim,
  type RunFile,
  type RunForm,
  verifyRun,
} from '@commute/continuation';
import { parseElf } from '@commute/elf';
import { createFieldEngine } from '@commute/field';
import type { Arguments } from '../arguments.ts';
import type { CommandContext } from '../command.ts';
import { EXIT, UsageError, type ExitCode } from '../failure.ts';
import { readNamed } from '../program.ts';
import { provableElf } from '../provable-elf.ts';
import { bold, counted, duration, grouped, hex, size } from '../terminal.ts';
import { SECURITY_LEVELS } from './proof-help.ts';

/** Fields of `commute verify --json`. */
export interface VerifyReport {
  readonly command: 'verify';
  readonly valid: boolean;
  /** Why not; null if it is valid. */
  readonly reason: string | null;
  /** The part at fault, a segment counted from 0; null where it is none. */
  readonly segment: number | null;
  /** What the proof claims; null if the file cannot be read. */
  readonly program: string | null;
  readonly exitCode: number | null;
  readonly cycles: number | null;
  readonly segments: number | null;
  readonly provenBits: number | null;
  readonly seconds: number;
  readonly bytes: number;
  readonly inputBytes: number | null;
  readonly outputBytes: number | null;
  /** Output as text; null if it is not UTF-8. */
  readonly output: string | null;
}

/** `commute verify`. */
export async function verify({ args, terminal }: CommandContext): Promise<ExitCode> {
  const bytes = readNamed('proof', args.positional);
  const wanted = readExpectations(args);
  const securityBits = Number(args.choice('security', SECURITY_LEVELS, '100'));
  const start = performance.now();
  const decoded = decodeRunFile(bytes);
  const report = (facts: Partial<VerifyReport>): VerifyReport => ({
    command: 'verify',
    valid: false,
    reason: null,
    segment: null,
    program: null,
    exitCode: null,
    cycles: null,
    segments: null,
    provenBits: null,
    seconds: (performance.now() - start) / 1000,
    bytes: bytes.length,
    inputBytes: null,
    outputBytes: null,
    output: null,
    ...facts,
  });
  const { seen = '', ...facts }: Judged = decoded.ok
    ? await judge(decoded.value, wanted, securityBits)
    : { reason: decoded.reason };
  const result = report(facts);
  if (args.flag('json')) terminal.out(`${JSON.stringify(result)}\n`);
  else describe(result, seen, args.positional, terminal.note);
  return result.valid ? EXIT.ok : EXIT.rejected;
}

interface Expectations {
  readonly program: Uint8Array | undefined;
  readonly input: Uint8Array | undefined;
  readonly output: Uint8Array | undefined;
  readonly exitCode: number | undefined;
}

function readExpectations(args: Arguments): Expectations {
  const read = (name: string): Uint8Array | undefined => {
    const path = args.text(name);
    return path === undefined ? undefined : readNamed(name, path);
  };
  return {
    program: readProgram(args),
    input: read('input'),
    output: read('output'),
    exitCode: args.number('exit-code', 0, 2 ** 32 - 1),
  };
}

function readProgram(args: Arguments): Uint8Array | undefined {
  const text = args.text('program');
  if (text === undefined) return undefined;
  if (/^0x[0-9a-f]{64}$/i.test(text)) return new Uint8Array(Buffer.from(text.slice(2), 'hex'));
  const parsed = parseElf(readNamed('program', text));
  if (!parsed.ok) throw new UsageError('program', `--program: expected an ELF file or a digest, got ${text}`);
  return programDigest(provableElf(parsed.elf, text));
}

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** Why a claim is not the one that is expected, if it is not. */
function difference(claim: RunClaim, wanted: Expectations): string | undefined {
  if (wanted.program !== undefined && !same(wanted.program, claim.program)) return 'other-program';
  if (wanted.input !== undefined && !same(wanted.input, claim.input)) return 'other-input';
  if (wanted.output !== undefined && !same(wanted.output, claim.output)) return 'other-output';
  if (wanted.exitCode !== undefined && wanted.exitCode !== claim.exitCode) return 'other-exit';
  return undefined;
}

/** Facts of the report, and for people what kind of proof it is. */
type Judged = Partial<VerifyReport> & { readonly seen?: string };

const FORMS: Readonly<Record<RunForm, string>> = {
  pairwise: 'linked pairwise',
  global: 'linked by one challenge',
  paged: 'linked by roots of pages',
  joint: 'several segments in one',
};

async function judge(file: RunFile, wanted: Expectations, securityBits: number): Promise<Judged> {
  const { claim, program, proof } = file;
  const claimed: Partial<VerifyReport> = {
    program: hex(claim.program),
    exitCode: claim.exitCode,
    inputBytes: claim.input.length,
    outputBytes: claim.output.length,
    output: utf8(claim.output),
  };
  const other = difference(claim, wanted);
  if (other !== undefined) return { ...claimed, reason: other };
  if (file.securityBits < securityBits) return { ...claimed, reason: 'less-security' };
  // A file may ask for absurd security, which no parameters reach.
  if (!SECURITY_LEVELS.some((level) => Number(level) === file.securityBits))
    return { ...claimed, reason: 'other-security' };
  const engine = await createFieldEngine();
  try {
    const verdict = verifyRun(engine, program, claim, proof, { securityBits: file.securityBits });
    if (!verdict.ok) {
      const reason = verdict.proof === undefined ? verdict.reason : `${verdict.reason}: ${verdict.proof}`;
      return { ...claimed, reason, segment: verdict.part ?? null };
    }
    const { segments, cycles, provenBits, proofs } = verdict;
    const found = { segments, cycles: Number(cycles), provenBits: Math.floor(provenBits) };
    const form = formOfRun(proof);
    const seen = `${counted(proofs, 'proof')}${form === undefined ? '' : `, ${FORMS[form]}`}`;
    return { ...claimed, valid: true, ...found, seen };
  } finally {
    engine.dispose();
  }
}

function utf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Reasons of which people meet most, in words; the others say what is wrong inside of a proof. */
const MEANINGS: Readonly<Record<string, string>> = {
  'unknown-format': 'the file was not written by `commute prove`, or by another version of it',
  truncated: 'the file ends before the proof does',
  'trailing-bytes': 'something follows the proof in the file',
  'other-program': 'it is about another program than expected',
  'other-input': 'it is about another input than expected',
  'other-output': 'it is about another output than expected',
  'other-exit': 'it is about another exit code than expected',
  'less-security': 'it has fewer proven bits than asked for',
};

function describe(report: VerifyReport, seen: string, name: string, note: (text: string) => void): void {
  const { valid, reason, segment, program } = report;
  if (!valid) {
    const meaning = MEANINGS[reason ?? ''];
    note(
      `${bold(`${name} is refused`)}: ${reason ?? ''}${segment === null ? '' : `, segment ${String(segment)}`}` +
        (meaning === undefined ? '' : `: ${meaning}`),
    );
    return;
  }
  note(
    `${bold(`${name} is valid`)}, ${grouped(report.provenBits ?? 0)} proven bits, ${duration(report.seconds * 1000)}`,
  );
  note(`program ${program ?? ''}`);
  note(
    `exit code ${String(report.exitCode)} within ${counted(report.cycles ?? 0, 'cycle')}, ${counted(report.segments ?? 0, 'segment')}, ${seen}`,
  );
  note(`input ${size(report.inputBytes ?? 0)}, output ${size(report.outputBytes ?? 0)}`);
}
