import type { Located } from '../syntax/tree.ts';
import { bytesFromBinary, hashTermBinary, termKey } from '../term/encode.ts';
import { sendTerm, tupleTerm } from '../term/build.ts';
import { receiveTerm, substituteUnder, type OnCopy } from '../term/transform.ts';
import type { Bind, ReceiveTerm, SendTerm, Term } from '../term/term.ts';
import type { Seed } from './seed.ts';

/** A message that is sent or waits on a channel. */
export interface Datum {
  /** Closed values. */
  readonly data: readonly Term[];
  /** True if the message stays after it was received. */
  readonly persistent: boolean;
  /** Unique among all messages. */
  readonly seed: Seed;
  /** Place of the send in its source, if that is known. */
  readonly place: Located | undefined;
  /** Cache of {@link datumOrder}. */
  order: string;
}

/** What runs when a receive fires. */
export type Continuation =
  /** `body` under `environment` and then the variables of the binds. */
  | { readonly kind: 'process'; readonly body: Term; readonly environment: readonly Term[] }
  /** The system process of this URI. */
  | { readonly kind: 'system'; readonly uri: string };

/** A receive that arrives or waits. Channels, patterns and guard are closed but for the variables of the binds. */
export interface Consume {
  readonly binds: readonly Bind[];
  readonly variables: number;
  readonly guard: Term | undefined;
  readonly persistent: boolean;
  readonly continuation: Continuation;
  /** Unique among all receives. */
  readonly seed: Seed;
  /** Place of the receive in its source, if that is known. */
  readonly place: Located | undefined;
  /** Cache of {@link consumeOrder}. */
  order: string;
}

/** A message that a COMM used. */
export interface UsedDatum {
  readonly channel: Term;
  readonly datum: Datum;
  /** True if the message is gone from its channel. */
  readonly removed: boolean;
}

/** One reduction: a receive and one message for each of its binds. */
export interface Comm {
  readonly consume: Consume;
  /** In the order of the binds. */
  readonly used: readonly UsedDatum[];
  /** Values of the variables of the binds, in order. */
  readonly bindings: readonly Term[];
}

/**
 * A tuple space: messages and receives wait on channels until they meet.
 *
 * An implementation is deterministic: what fires depends on what waits and on the order of the calls only. Of several candidates the first by
 * {@link datumOrder} or {@link consumeOrder} fires. It is complete: where messages for a waiting receive are there, it fires. A pair of a
 * persistent receive and messages that all stay fires once, when the later of them arrives.
 */
export interface TupleSpace {
  /**
   * A message arrives. It meets the receives that wait, and waits itself if it is not used up.
   *
   * @param channel - a closed value.
   * @returns what fired, in order.
   * @throws MatchBudgetError if a search takes too many steps; the caller goes back to a checkpoint then.
   */
  produce(channel: Term, datum: Datum): readonly Comm[];
  /** A receive arrives. It meets the messages that wait, and waits itself if it is persistent or did not fire. */
  consume(consume: Consume): readonly Comm[];
  /** A persistent receive is put in place, without meeting messages and without being part of the state. Idempotent. */
  install(consume: Consume): void;
  /** Marks the present state; the function that is returned goes back to it. */
  checkpoint(): () => void;
}

/** The order of messages on one channel: by content hash, then by seed. */
export function datumOrder(datum: Datum): string {
  if (datum.order === '') {
    const content = hashTermBinary(tupleTerm(datum.data));
    datum.order = `${content}${datum.persistent ? '\x01' : '\0'}${datum.seed}`;
  }
  return datum.order;
}

/** The order of receives on one channel: by content hash, then by seed. */
export function consumeOrder(consume: Consume): string {
  if (consume.order === '') {
    const { continuation } = consume;
    const content = continuation.kind === 'system' ? continuation.uri : hashTermBinary(receiveOf(consume));
    consume.order = content + consume.seed;
  }
  return consume.order;
}

/**
 * The closed receive that a process waits as.
 *
 * @param onCopy - is told each send, receive, `new` and `match` of the body that is copied, with its copy, so that places in a source can be handed on.
 *   Copies in the body of a receive whose binds change their order are not told.
 */
export function receiveOf(consume: Consume, onCopy?: OnCopy): ReceiveTerm {
  const { binds, continuation, persistent, guard, variables } = consume;
  if (continuation.kind === 'system') return receiveTerm(binds, tupleTerm([]), persistent, guard);
  return receiveTerm(
    binds,
    substituteUnder(continuation.body, continuation.environment, variables, onCopy),
    persistent,
    guard,
  );
}

/** The closed send that a message waits as. */
export function sendOf(channel: Term, datum: Datum): SendTerm {
  return sendTerm(channel, datum.data, datum.persistent);
}

/** The message that a closed send stands for; the inverse of {@link sendOf}. */
export function datumFromSend(send: SendTerm, seed: Seed): Datum {
  return { data: send.data, persistent: send.persistent, seed, place: undefined, order: '' };
}

/** The receive of a process that a closed receive stands for; the inverse of {@link receiveOf}. */
export function consumeFromReceive(receive: ReceiveTerm, seed: Seed): Consume {
  const { binds, variables, guard, persistent, body } = receive;
  const continuation: Continuation = { kind: 'process', body, environment: [] };
  return { binds, variables, guard, persistent, continuation, seed, place: undefined, order: '' };
}

/** The location of a channel: equal for equal channels. */
export function channelKey(channel: Term): string {
  return termKey(channel);
}

/** The bytes of a seed or an unforgeable name. */
export function seedBytes(seed: Seed): Uint8Array<ArrayBuffer> {
  return bytesFromBinary(seed);
}
