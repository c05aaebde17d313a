import { decodePlace, StateTeller, StoreDamagedError } from '@commute/rho-store';
import { ByteReader, ByteWriter } from '@commute/rho-store/bytes';
import { KIND, MAXIMUM_PART, OLDEST_VERSION, PROTOCOL_VERSION, type Message, type RefusalReason } from '../frame.ts';
import type { RhoNode } from '../rho-node.ts';
import type { StateOffer } from './state-offer.ts';

/** First byte of the place of what a node needs beside the state; those of the state are 0 to 2. */
const RECORD_PLACE = 3;

/** The place of what a node needs beside the state, from a byte on. */
export function recordPlace(offset: number): Uint8Array<ArrayBuffer> {
  return new ByteWriter(9).byte(RECORD_PLACE).uint64(offset).finish();
}

/**
 * Tells one other node the state of this one, part by part. Answers one question at a time, each in a turn of its own and of bounded size, so that it does not keep this node from its work; it keeps no version
 * for the sake of whoever asks.
 */
export class StateServer {
  readonly #node: RhoNode;
  readonly #send: (message: Message) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #offer: StateOffer | undefined;
  readonly #teller: StateTeller;

  constructor(node: RhoNode, send: (message: Message) => void) {
    this.#node = node;
    this.#send = send;
    this.#teller = new StateTeller(node.space.history);
  }

  /** Takes a question. False if the last one was not answered yet. */
  take(message: Extract<Message, { kind: 'want-state' | 'want-part' }>): boolean {
    if (this.#timer !== undefined) return false;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#send(this.#tryAnswer(message));
    }, 0);
    return true;
  }

  /** Answers nothing any more. */
  end(): void {
    clearTimeout(this.#timer);
    this.#offer = undefined;
  }

  /** What cannot be read is not told: that the store is damaged is found by others. */
  #tryAnswer(message: Extract<Message, { kind: 'want-state' | 'want-part' }>): Message {
    const refuse = (reason: RefusalReason): Message => {
      return { kind: 'refused', about: KIND[message.kind], reason, oldest: OLDEST_VERSION, version: PROTOCOL_VERSION };
    };
    try {
      return this.#answer(message, refuse);
    } catch (error) {
      if (error instanceof StoreDamagedError) return refuse('not-kept');
      throw error;
    }
  }

  #answer(
    message: Extract<Message, { kind: 'want-state' | 'want-part' }>,
    refuse: (reason: RefusalReason) => Message,
  ): Message {
    if (message.kind === 'want-state') {
      const offer = this.#node.stateOffer();
      if (offer === undefined || offer.round < message.round) return refuse('not-kept');
      this.#offer = offer;
      const { round, certificate, record } = offer;
      return { kind: 'state', round, size: record.length, certificate };
    }
    const bytes = this.#part(message);
    return bytes === undefined ? refuse('not-kept') : { kind: 'part', bytes };
  }

  #part({ round, limit, place, have }: Extract<Message, { kind: 'want-part' }>): Uint8Array | undefined {
    const most = Math.max(1, Math.min(limit, MAXIMUM_PART));
    if (place[0] === RECORD_PLACE) {
      const reader = new ByteReader(place.subarray(1));
      const offset = reader.uint64();
      const record = this.#offer?.round === round ? this.#offer.record : undefined;
      if (!reader.atEnd || record === undefined || offset >= record.length) return undefined;
      // Who wants it again asks for the state again.
      if (offset + most >= record.length) this.#offer = undefined;
      return record.subarray(offset, offset + most);
    }
    const at = decodePlace(place);
    // The first commit is what the network begins with.
    return at && this.#teller.part({ commit: round + 1, place: at, limit: most, have });
  }
}
