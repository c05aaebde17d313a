import { styleText } from 'node:util';

/** Where a command writes: results to `out`, everything else to `error`. */
export interface Terminal {
  /** Writes a line, or raw bytes, of the result. */
  readonly out: (text: string | Uint8Array) => void;
  /** Writes raw bytes that a program wrote to its error output. */
  readonly errors: (bytes: Uint8Array) => void;
  /** Writes a line for people. */
  readonly note: (text: string) => void;
  /** Draws over the last status line; nothing where no terminal is attached. */
  readonly status: (text: string) => void;
  /** Ends the status line. */
  readonly endStatus: () => void;
}

/** The terminal of this process. Status lines only where stderr is a terminal and `quiet` is not set. */
export function processTerminal(quiet: boolean): Terminal {
  const drawn = process.stderr.isTTY && !quiet;
  let open = false;
  const endStatus = (): void => {
    if (open) process.stderr.write('\n');
    open = false;
  };
  return {
    out: (text) => process.stdout.write(text),
    errors: (bytes) => {
      endStatus();
      process.stderr.write(bytes);
    },
    note: (text) => {
      endStatus();
      process.stderr.write(`${text}\n`);
    },
    status: (text) => {
      if (!drawn) return;
      const width = (process.stderr.columns > 0 ? process.stderr.columns : 80) - 1;
      process.stderr.write(`\r\u001b[2K${text.slice(0, width)}`);
      open = true;
    },
    endStatus,
  };
}

/** Bold text where stderr shows it; `NO_COLOR` is respected. */
export function bold(text: string): string {
  return styleText('bold', text, { stream: process.stderr });
}

/** A number with thin groups of three: 12 345 678. */
export function grouped(value: number | bigint): string {
  return value.toString().replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f');
}

/** A number of things: 1 segment, 2 segments, 0 entries. */
export function counted(value: number | bigint, one: string, many: string = `${one}s`): string {
  return `${grouped(value)} ${BigInt(value) === 1n ? one : many}`;
}

/** A duration in words: 820 ms, 12.4 s, 3 min 20 s. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${milliseconds.toFixed(0)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60).toString()} min ${(seconds % 60).toString()} s`;
}

/** Bytes in words: 512 B, 3.1 KiB, 20.0 MiB. */
export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes.toString()} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KiB`;
  return `${(bytes / (1024 * 1024)).toFixed(1)} MiB`;
}

/** Hex digits of bytes, with 0x. */
export function hex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}
