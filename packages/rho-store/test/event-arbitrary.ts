import fc from 'fast-check';
import { hashBytes, hexFromBytes } from '../src/bytes.ts';
import { encodeEvent, type LogEntry, type StoreEvent } from '../src/index.ts';

/** What waits at each of a few channels, kept as plainly as possible: hexadecimal bytes of items. */
export type Model = Map<string, string[]>;

export const channelOf = (index: number): Uint8Array<ArrayBuffer> => Uint8Array.of(0xc0, index);
export const itemOf = (index: number): Uint8Array<ArrayBuffer> => Uint8Array.of(0x17, index, index, index);

export function logEntry(event: StoreEvent): LogEntry {
  const bytes = encodeEvent(event);
  return { event, bytes, hash: hashBytes(bytes) };
}

/** What {@link eventOf} makes an event of, one that fits what waits. */
export interface Step {
  readonly kind: 'produce' | 'consume' | 'comm';
  readonly channels: readonly number[];
  readonly item: number;
  readonly removed: boolean;
  readonly waiting: boolean;
}

export const anySteps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    kind: fc.constantFrom('produce', 'produce', 'consume', 'comm', 'comm'),
    channels: fc.uniqueArray(fc.nat({ max: 3 }), { minLength: 1, maxLength: 2 }),
    item: fc.nat({ max: 4 }),
    removed: fc.boolean(),
    waiting: fc.boolean(),
  }),
  { maxLength: 10 },
);

/** The event of a step on a model, and the model after it. */
export function eventOf(one: Step, model: Model): StoreEvent {
  const channels = one.channels.map(channelOf);
  const item = itemOf(one.item);
  const at = (channel: Uint8Array): string[] => {
    const key = hexFromBytes(channel);
    let list = model.get(key);
    if (list === undefined) model.set(key, (list = []));
    return list;
  };
  if (one.kind === 'produce') {
    at(channels[0]!).push(hexFromBytes(item));
    return { kind: 'produce', channel: channels[0]!, item };
  }
  if (one.kind === 'consume') {
    for (const channel of channels) at(channel).push(hexFromBytes(item));
    return { kind: 'consume', channels, item };
  }
  const uses = channels.map((channel) => {
    const list = at(channel);
    const waiting = one.waiting ? list[0] : undefined;
    if (waiting === undefined)
      return { channel, message: { form: 'arriving', bytes: item } as const, removed: one.removed };
    if (one.removed) list.shift();
    const hash = hashBytes(Uint8Array.from(Buffer.from(waiting, 'hex')));
    return { channel, message: { form: 'waiting', hash } as const, removed: one.removed };
  });
  return { kind: 'comm', receive: { form: 'arriving', bytes: item }, removed: false, uses };
}
