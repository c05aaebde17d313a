import { normalize, parse, type Term } from '@commute/rholang';
import type { PartChannel, Wire } from '@commute/rho-discovery';
import { UsageError } from '../failure.ts';

/** Splits a text at a separator that stands outside string literals and URIs. */
function splitOutside(text: string, separator: string): readonly string[] {
  const pieces: string[] = [];
  let piece = '';
  let quote = '';
  for (let index = 0; index < text.length; index += 1) {
    const one = text[index]!;
    if (quote === '' && one === separator) {
      pieces.push(piece);
      piece = '';
      continue;
    }
    if (quote !== '' && one === '\\') {
      piece += one + (text[index + 1] ?? '');
      index += 1;
      continue;
    }
    if (one === quote) quote = '';
    else if (quote === '' && (one === '"' || one === '`')) quote = one;
    piece += one;
  }
  return [...pieces, piece].map((one) => one.trim()).filter((one) => one !== '');
}

/** The closed name of a text such as `@"math"`. */
export function readName(option: string, text: string): Term {
  const tree = parse(`${text}!()`);
  const normal = tree.ok ? normalize(tree.process) : undefined;
  const channel = normal?.ok === true && normal.term.kind === 'send' ? normal.term.channel : undefined;
  if (channel === undefined || channel.scope > 0 || channel.isPattern)
    throw new UsageError(option, `--${option}: expected a name such as @"math", got ${text}`);
  return channel;
}

/** Reads `part:@"name"`. */
export function readEnd(option: string, text: string): PartChannel {
  const found = /^([^:@\s]+)\s*:\s*(@[^]+)$/.exec(text);
  if (found === null)
    throw new UsageError(option, `--${option}: expected a part and a name such as math:@"add", got ${text}`);
  return { part: found[1]!, channel: readName(option, found[2]!) };
}

/** Reads `part:@"name" = part:@"name"`. */
export function readWire(text: string): Wire {
  const [from, to, ...more] = splitOutside(text, '=').map((end) => readEnd('wire', end));
  if (from === undefined || to === undefined || more.length > 0)
    throw new UsageError('wire', `--wire: expected two ends with = between them, got ${text}`);
  return { from, to };
}
