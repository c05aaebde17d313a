import { evaluateTerm, normalize, parse, stringTerm, systemChannel, type Term } from '@commute/rholang';
import {
  chainOf,
  decodeChannel,
  encodeChannel,
  pathOfChannel,
  StoreDamagedError,
  type HistoryStore,
} from '@commute/rho-store';
import { UsageError } from '../failure.ts';
import { hex } from '../terminal.ts';
import { ChannelNames } from './text.ts';

/** The names of all channels, tokens of the deploys in the chain included, as far as the chain can be read. */
export function namesIn(history: HistoryStore): ChannelNames {
  const names = new ChannelNames();
  try {
    for (const { block } of chainOf({ history })) for (const deploy of block.deploys) names.learn(deploy);
  } catch (error) {
    // Names are a help for people; what is damaged is for `verify` to say.
    if (!(error instanceof StoreDamagedError)) throw error;
  }
  return names;
}

/** The text of a channel of the store. */
export function channelText(names: ChannelNames, channel: Uint8Array): string {
  const term = decodeChannel(channel);
  return term === undefined ? hex(channel) : names.text(term);
}

/** The closed value of a text, if it is one. */
function closedValue(text: string): Term | undefined {
  const tree = parse(text.startsWith('@') ? text.slice(1) : text);
  const normal = tree.ok ? normalize(tree.process, { source: text }) : undefined;
  if (!normal?.ok) return undefined;
  const value = evaluateTerm(normal.term);
  return value.ok ? value.value : undefined;
}

function beginning(history: HistoryStore, digits: string): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (const channel of history.channels()) {
    const term = decodeChannel(channel);
    const name = term?.kind === 'unforgeable' ? hex(Uint8Array.from(term.id, (one) => one.charCodeAt(0))).slice(2) : '';
    if (hex(pathOfChannel(channel)).startsWith(digits, 2) || name.startsWith(digits)) found.push(channel);
  }
  return found;
}

/**
 * The channel that somebody means: a name or process in Rholang, a bare word for the string, the URI of a system process, or the first digits of an unforgeable
 * name or of the path of the key.
 *
 * @returns canonical bytes.
 */
export function findChannel(history: HistoryStore, text: string): Uint8Array {
  const digits = /^(?:@?Unforgeable\(|#)?0x([0-9a-f]{4,128})…?\)?$/i.exec(text)?.[1]?.toLowerCase();
  if (digits !== undefined) {
    const [one, ...more] = beginning(history, digits);
    if (one !== undefined && more.length === 0) return one;
    const got = one === undefined ? 'none' : `${String(more.length + 1)} keys`;
    throw new UsageError('name', `name: expected the first digits of one key, got ${text}, which fits ${got}`);
  }
  if (text.startsWith('rho:')) return encodeChannel(systemChannel(text));
  const value = closedValue(text);
  if (value !== undefined) return encodeChannel(value);
  if (/^[A-Za-z_][\w-]*$/.test(text)) return encodeChannel(stringTerm(text));
  throw new UsageError(
    'name',
    `name: expected a name such as @"counter", or 0x and the first digits of a key, got ${text}`,
  );
}
