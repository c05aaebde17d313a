import { existsSync, statSync } from 'node:fs';
import { parseElf, symbolAt, type Elf } from '@commute/elf';
import { disassemble } from '@commute/fast-vm';
import { PAGE_BYTES, Snapshot, decodeSnapshot, encodeSnapshot } from '@commute/machine';
import type { CommandHelp } from '../arguments.ts';
import type { CommandContext } from '../command.ts';
import { EXIT, RejectedError, type ExitCode } from '../failure.ts';
import { readNamed, writeNamed } from '../program.ts';
import { registersIn, type RegisterFile } from '../registers.ts';
import { explainStoreErrors, openStore } from '../snapshots.ts';
import { hex } from '../terminal.ts';

export const INSPECT: CommandHelp = {
  name: 'inspect',
  positional: '<elf|snapshot|directory>',
  help: 'show the registers, memory and disassembly of a program, a snapshot file or a snapshot directory',
  options: {
    address: { value: 'N', help: 'where to disassemble and dump; the program counter or entry unless told' },
    count: { value: 'N', help: 'how many instructions (default 16)' },
    dump: { value: 'BYTES', help: 'also dump memory from the address on' },
    index: { value: 'N', help: 'which snapshot of a directory; the last unless told' },
    export: { value: 'FILE', help: 'write the state that is shown to a file of its own' },
  },
};

/** One disassembled instruction. */
export interface InstructionReport {
  readonly address: string;
  /** The instruction's bits, 4 or 8 hex digits. */
  readonly bits: string;
  readonly text: string;
  /** Symbol that the address belongs to, where known. */
  readonly symbol: string | null;
}

/** Fields of `commute inspect --json`. */
export interface InspectReport {
  readonly command: 'inspect';
  readonly kind: 'elf' | 'snapshot' | 'snapshots';
  /** Of a program. */
  readonly program: {
    readonly xlen: 32 | 64;
    readonly entry: string;
    readonly segments: readonly { address: string; bytes: number; memoryBytes: number; permissions: string }[];
    readonly symbols: number;
  } | null;
  /** Of a snapshot. */
  readonly state: { readonly stateRoot: string; readonly hash: string; readonly pages: number } | null;
  /** Of a directory: every snapshot in it. */
  readonly snapshots: readonly { index: number; step: number; halted: boolean }[] | null;
  /** Which of them is shown. */
  readonly index: number | null;
  readonly machines: readonly RegisterFile[];
  readonly disassembly: readonly InstructionReport[];
  /** Dumped bytes as hex digits; null unless asked for. */
  readonly dump: { readonly address: string; readonly bytes: string } | null;
}

interface Subject {
  readonly kind: InspectReport['kind'];
  readonly elf?: Elf;
  readonly state: Snapshot;
  readonly snapshots?: InspectReport['snapshots'];
  readonly index?: number;
}

/** `commute inspect`. */
export async function inspect({ args, terminal }: CommandContext): Promise<ExitCode> {
  const subject = await read(args.positional, args.number('index', 0, 2 ** 32));
  const machines = subject.kind === 'elf' ? [] : registersIn(subject.state);
  const shown = machines.at(-1);
  const xlen = subject.elf?.class ?? shown?.xlen ?? 64;
  const start = args.number('address', 0, 2 ** 32 - 1) ?? subject.elf?.entry ?? Number(shown?.pc ?? 0);
  const dumpBytes = args.number('dump', 1, 2 ** 20);
  const report: InspectReport = {
    command: 'inspect',
    kind: subject.kind,
    program: subject.elf === undefined ? null : describeElf(subject.elf),
    state:
      subject.kind === 'elf'
        ? null
        : {
            stateRoot: hex(subject.state.root()),
            hash: subject.state.hasher.name,
            pages: subject.state.pages().length,
          },
    snapshots: subject.snapshots ?? null,
    index: subject.index ?? null,
    machines,
    disassembly: disassembly(subject, start, args.number('count', 0, 100_000) ?? 16, xlen),
    dump:
      dumpBytes === undefined
        ? null
        : { address: address(start), bytes: Buffer.from(bytesAt(subject.state, start, dumpBytes)).toString('hex') },
  };
  const exportPath = args.text('export');
  if (exportPath !== undefined) writeNamed('export', exportPath, encodeSnapshot(subject.state));
  terminal.out(args.flag('json') ? `${JSON.stringify(report)}\n` : textOf(report));
  return EXIT.ok;
}

async function read(path: string, index: number | undefined): Promise<Subject> {
  if (existsSync(path) && statSync(path).isDirectory()) {
    return explainStoreErrors(path, async () => {
      const store = await openStore(path, undefined, true);
      try {
        const last = store.length - 1;
        if (last < 0) throw new RejectedError(path, 'expected at least one snapshot, got none');
        const chosen = index ?? last;
        if (chosen > last)
          throw new RejectedError(path, `expected a snapshot from 0 to ${String(last)}, got ${String(chosen)}`);
        const snapshots = Array.from({ length: store.length }, (_, i) => store.entry(i));
        return { kind: 'snapshots', state: await store.load(chosen), snapshots, index: chosen };
      } finally {
        await store.close();
      }
    });
  }
  const bytes = readNamed('file', path);
  const decoded = decodeSnapshot(bytes);
  if (decoded.ok) return { kind: 'snapshot', state: decoded.snapshot };
  if (decoded.reason !== 'not-a-snapshot') throw new RejectedError(path, `damaged snapshot (${decoded.reason})`);
  const parsed = parseElf(bytes);
  if (!parsed.ok) {
    throw new RejectedError(
      path,
      `neither a snapshot nor a program (${parsed.reason}): expected ${parsed.expected}, got ${parsed.got}`,
    );
  }
  return { kind: 'elf', elf: parsed.elf, state: stateOf(parsed.elf) };
}

/** The program's bytes where it would be loaded. */
function stateOf(elf: Elf): Snapshot {
  const pages = new Map<number, Uint8Array<ArrayBuffer>>();
  for (const { address: base, bytes } of elf.segments) {
    for (let done = 0; done < bytes.length;) {
      const index = Math.floor((base + done) / PAGE_BYTES);
      const offset = (base + done) % PAGE_BYTES;
      const page = pages.get(index) ?? new Uint8Array(PAGE_BYTES);
      const part = bytes.subarray(done, done + PAGE_BYTES - offset);
      page.set(part, offset);
      pages.set(index, page);
      done += part.length;
    }
  }
  return Snapshot.empty().withPages([...pages].map(([index, bytes]) => ({ index, bytes })));
}

function describeElf(elf: Elf): InspectReport['program'] {
  return {
    xlen: elf.class,
    entry: address(elf.entry),
    segments: elf.segments.map((segment) => ({
      address: address(segment.address),
      bytes: segment.bytes.length,
      memoryBytes: segment.memorySize,
      permissions: `${segment.readable ? 'r' : '-'}${segment.writable ? 'w' : '-'}${segment.executable ? 'x' : '-'}`,
    })),
    symbols: elf.symbolTable.length,
  };
}

function disassembly({ state, elf }: Subject, start: number, count: number, xlen: 32 | 64): InstructionReport[] {
  const out: InstructionReport[] = [];
  for (let at = start & ~1, done = 0; done < count && at >>> 0 <= 0xffff_fffc; done++) {
    const where = at >>> 0;
    const bytes = bytesAt(state, where, 4);
    const bits = new DataView(bytes.buffer).getUint32(0, true);
    const { text, length } = disassemble(bits, { xlen, pc: where });
    const symbol = elf === undefined ? undefined : symbolAt(elf, where);
    out.push({
      address: address(where),
      bits: length === 2 ? (bits & 0xffff).toString(16).padStart(4, '0') : bits.toString(16).padStart(8, '0'),
      text,
      symbol: symbol?.symbol.name ?? null,
    });
    at = where + length;
  }
  return out;
}

function bytesAt(state: Snapshot, start: number, count: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(Math.min(count, 2 ** 32 - start));
  for (let i = 0; i < out.length; i++) {
    out[i] = state.page(Math.floor((start + i) / PAGE_BYTES))?.[(start + i) % PAGE_BYTES] ?? 0;
  }
  return out;
}

function address(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}

function textOf(report: InspectReport): string {
  const lines: string[] = [];
  if (report.program !== null) {
    const { xlen, entry, segments, symbols } = report.program;
    lines.push(`RV${String(xlen)} program, entry ${entry}, ${String(symbols)} symbols`);
    for (const segment of segments) {
      lines.push(
        `  ${segment.address} ${segment.permissions} ${String(segment.bytes)} bytes, ${String(segment.memoryBytes)} in memory`,
      );
    }
  }
  if (report.snapshots !== null) {
    lines.push(
      `${String(report.snapshots.length)} snapshots; this is number ${String(report.index)}, at step ${String(report.snapshots[report.index ?? 0]?.step)}`,
    );
  }
  if (report.state !== null) {
    lines.push(`state root ${report.state.stateRoot} (${report.state.hash}), ${String(report.state.pages)} pages`);
  }
  for (const file of report.machines) {
    lines.push(
      '',
      `${file.machine}: pc ${file.pc}, ${file.steps} steps, ${file.halted}, code ${String(file.haltCode)}`,
    );
    lines.push(
      `  input ${String(file.inputPosition)} of ${String(file.inputLength)} bytes read, output ${String(file.outputLength)} bytes, error output ${String(file.errorLength)}`,
    );
    const cells = Object.entries(file.registers).map(
      ([name, value]) => `${name.padStart(4)} ${value.padEnd(file.xlen / 4 + 2)}`,
    );
    for (let i = 0; i < cells.length; i += 4)
      lines.push(
        `  ${cells
          .slice(i, i + 4)
          .join('  ')
          .trimEnd()}`,
      );
  }
  let symbol: string | null = null;
  lines.push('');
  for (const line of report.disassembly) {
    if (line.symbol !== symbol && line.symbol !== null) lines.push(`${line.symbol}:`);
    symbol = line.symbol;
    lines.push(`  ${line.address}  ${line.bits.padEnd(8)}  ${line.text}`);
  }
  if (report.dump !== null) {
    lines.push('');
    const start = Number(report.dump.address);
    const bytes = Buffer.from(report.dump.bytes, 'hex');
    for (let i = 0; i < bytes.length; i += 16) {
      const row = bytes.subarray(i, i + 16);
      const ascii = row.toString('latin1').replace(/[^ -~]/g, '.');
      lines.push(
        `  ${address(start + i)}  ${row
          .toString('hex')
          .replace(/(..)(?=.)/g, '$1 ')
          .padEnd(47)}  ${ascii}`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}
