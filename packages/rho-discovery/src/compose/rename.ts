import { encodeTermBinary, evaluateTerm, forEachPart, mapParts, type OnCopy, type Term } from '@commute/rholang';

/** What a channel becomes under `depth` binders; `undefined` to leave it. */
export type RenameChannel = (key: string, depth: number) => Term | undefined;

/** The key of a closed value. */
function keyOf(value: Term): string {
  return encodeTermBinary(value);
}

/** The name that a closed channel is once it is evaluated; the channel itself if that fails, as the run then does. */
export function nameOf(channel: Term): Term {
  const result = evaluateTerm(channel);
  const name = result.ok ? result.value : channel;
  return name.kind === 'bundle' ? name.body : name;
}

/** The key under which {@link RenameChannel} is asked for a closed channel. */
export function channelKey(channel: Term): string {
  return keyOf(nameOf(channel));
}

/** Replaces closed channels wherever something is sent or received on them, also inside quoted processes and patterns. */
export function renameChannels(term: Term, depth: number, rename: RenameChannel, onCopy: OnCopy): Term {
  const copy = mapParts(term, (part, binders, place) => {
    const within = depth + binders;
    const name =
      place === 'channel' && part.scope === 0 && !part.isPattern ? rename(channelKey(part), within) : undefined;
    return name ?? renameChannels(part, within, rename, onCopy);
  });
  onCopy(term, copy);
  return copy;
}

/** The closed channels on which a program sends or receives, and the closed values that it holds otherwise. */
export interface NameUses {
  readonly channels: ReadonlyMap<string, Term>;
  /** Keys of those on which something is sent. */
  readonly sends: ReadonlySet<string>;
  /** Keys of those on which something is received. */
  readonly receives: ReadonlySet<string>;
  readonly values: ReadonlySet<string>;
}

/** Kinds of terms that are values, not processes. */
const VALUE_KINDS: ReadonlySet<Term['kind']> = new Set([
  'list',
  'set',
  'tuple',
  'map',
  'boolean',
  'integer',
  'big-integer',
  'string',
  'uri',
  'bytes',
  'unforgeable',
]);

/** Collects how a program uses closed names. */
export function usesOf(program: Term): NameUses {
  const channels = new Map<string, Term>();
  const values = new Set<string>();
  const sends = new Set<string>();
  const receives = new Set<string>();
  const visit = (term: Term, uses?: Set<string>): void => {
    if (uses !== undefined && term.scope === 0 && !term.isPattern) {
      channels.set(channelKey(term), nameOf(term));
      uses.add(channelKey(term));
      return;
    }
    if (VALUE_KINDS.has(term.kind)) values.add(keyOf(term));
    const channelUses = term.kind === 'send' ? sends : receives;
    forEachPart(term, (part, _, place) => {
      visit(part, place === 'channel' ? channelUses : undefined);
    });
  };
  visit(program);
  return { channels, sends, receives, values };
}
