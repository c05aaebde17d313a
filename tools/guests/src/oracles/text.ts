import { createHash } from 'node:crypto';
import { join, utf8 } from '../cases/case.ts';

/** Hexadecimal digest and a newline. */
export function sha256Line(input: Uint8Array): Uint8Array<ArrayBuffer> {
  return utf8(`${createHash('sha256').update(input).digest('hex')}\n`);
}

/** The lines of the input in bytewise order, each with a newline. */
export function sortedLines(input: Uint8Array): Uint8Array<ArrayBuffer> {
  const lines: Uint8Array[] = [];
  for (let start = 0; start < input.length;) {
    const newline = input.indexOf(0x0a, start);
    const end = newline === -1 ? input.length : newline;
    lines.push(input.subarray(start, end));
    start = end + 1;
  }
  lines.sort((left, right) => Buffer.compare(left, right));
  return join(...lines.flatMap((line) => [line, utf8('\n')]));
}

/** What the program `wordcount` prints; bytes are handled as characters of Latin-1. */
export function wordCounts(input: Uint8Array): Uint8Array<ArrayBuffer> {
  const text = Buffer.from(input).toString('latin1');
  const words = text.match(/[A-Za-z0-9\u0080-\u00ff]+/g) ?? [];
  const counts = new Map<string, number>();
  for (const word of words) {
    const key = word.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const frequent = [...counts].sort((left, right) => right[1] - left[1] || (left[0] < right[0] ? -1 : 1)).slice(0, 10);
  const lines = [
    `lines ${String(text.split('\n').length - 1)}`,
    `words ${String(words.length)}`,
    `bytes ${String(input.length)}`,
    `distinct ${String(counts.size)}`,
    ...frequent.map(([word, count]) => `${String(count)} ${word}`),
  ];
  return new Uint8Array(Buffer.from(`${lines.join('\n')}\n`, 'latin1'));
}

/** Whether the input is a JSON text in UTF-8, by the platform's decoder and parser. */
export function isJson(input: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(input));
    return true;
  } catch {
    return false;
  }
}
