import { equalBytes, textFromBytes } from '@commute/rho-store/bytes';
import {
  encodeMessage,
  FrameReader,
  KIND,
  MAXIMUM_PART,
  OLDEST_VERSION,
  PROTOCOL_VERSION,
  type FrameReason,
  type Message,
  type RefusalReason,
} from './frame.ts';
import type { RhoNode } from './rho-node.ts';
import { encodeCertificate } from './certificate.ts';
import { FIRST_STEPS, stepOfBytes, type StatementReason } from './statement.ts';
import { StateServer } from './transfer/state-server.ts';
import type { StateSource, TransferReason } from './transfer/transfer.ts';

/** Why a session ended. */
export type SessionReason =
  | FrameReason
  | StatementReason
  | TransferReason
  /** There is no version of the protocol that both sides speak. */
  | 'other-version'
  /** Messages out of turn. */
  | 'protocol'
  | 'other-network'
  /** The other side takes so little that what waits for it exceeds its bound. */
  | 'slow'
  /** The connection was closed or broke. */
  | 'closed';

/** What a session writes to. */
export interface Wire {
  readonly write: (bytes: Uint8Array) => void;
  /** Bytes that were written and are not on their way yet. */
  readonly waiting: () => number;
  /** Ends the connection. */
  readonly close: () => void;
}

/** How a session is bounded. */
export interface SessionOptions {
  /** Most bytes that may wait for the other side; 64 MiB unless told. */
  readonly maximumWaiting?: number;
  /** True to say nothing before the other side does, and then its version of the protocol if it is an older one. One of two sides at most. */
  readonly waits?: boolean;
  /** Newest version of the protocol that is spoken, at least {@link OLDEST_VERSION}; {@link PROTOCOL_VERSION} unless told. */
  readonly version?: number;
}

/** Bytes of a statement around its body. */
const STATEMENT_OVERHEAD = 256;

/** Bytes of an element of a state around what a block may hold. */
const ELEMENT_OVERHEAD = 1024;

/** Bytes that a certificate takes for each member. */
const CERTIFICATE_BYTES = 100;

/**
 * One connection of a node to another, over anything that carries bytes in order. Passes on what members say, and brings a node that is behind up
 * to date, round by round. Believes nothing of the other side: what is not signed by a member ends the session, and what waits for it is bounded.
 */
export class Session {
  readonly #node: RhoNode;
  readonly #wire: Wire;
  readonly #reader: FrameReader;
  readonly #maximumWaiting: number;
  readonly #ended: (reason: SessionReason) => void;
  readonly #unlisten: () => void;
  readonly #newest: number;
  /** The version of the protocol that is spoken, 0 before the hello of the other side. */
  #version = 0;
  /** The newest that the other side speaks. */
  #offered = 0;
  #greeted = false;
  readonly #server: StateServer;
  readonly #source: StateSource;
  /** Kinds of frames that were refused. */
  readonly #refused = new Set<number>();
  /** Round that is open at the other side, 0 before its hello. */
  #round = 0;
  /** The last round that the other side said to have forgotten. */
  #forgotten = 0;
  /** Statements of that round that were sent again. */
  #again = new Set<string>();
  #over = false;

  /** @param ended - is called once, when the session is over. */
  constructor(
    node: RhoNode,
    wire: Wire,
    ended: (reason: SessionReason) => void,
    { maximumWaiting = 2 ** 26, waits = false, version = PROTOCOL_VERSION }: SessionOptions = {},
  ) {
    this.#node = node;
    this.#wire = wire;
    this.#ended = ended;
    this.#maximumWaiting = maximumWaiting;
    const { maximumBlockBytes, members } = node.network;
    this.#reader = new FrameReader(
      Math.max(
        maximumBlockBytes + ELEMENT_OVERHEAD,
        members.length * CERTIFICATE_BYTES + STATEMENT_OVERHEAD,
        // A part goes beyond what was asked for by one element.
        version > 3 ? MAXIMUM_PART + maximumBlockBytes + ELEMENT_OVERHEAD : 0,
      ),
    );
    this.#newest = version;
    const send = (message: Message): void => {
      this.#send(message);
    };
    const drop = (reason: TransferReason): void => {
      this.end(reason);
    };
    this.#server = new StateServer(node, send);
    this.#source = { send, drop };
    this.#unlisten = node.listen((event) => {
      if (event.kind === 'statement' && event.from !== this && this.#round === event.statement.round)
        this.#pass(event.statement.step, 'statement', event.statement.bytes);
      if (event.kind === 'certificate' && event.from !== this && this.#round === event.certificate.round)
        this.#pass(event.certificate.step, 'certificate', encodeCertificate(event.certificate));
      if (event.kind === 'want' && this.#round > 0) this.#send({ kind: 'want', hash: event.hash });
      if ((event.kind === 'closed' || event.kind === 'transferred') && this.#round > 0)
        this.#send({ kind: 'round', round: event.round + 1 });
    });
    if (!waits) this.#greet(version);
  }

  #greet(version: number): void {
    this.#greeted = true;
    const { network, round } = this.#node;
    this.#send({ kind: 'hello', version, oldest: OLDEST_VERSION, network: network.id, round });
  }

  /** The version of the protocol that is spoken; 0 before both sides said which they can. */
  get version(): number {
    return this.#version;
  }

  /** The newest version of the protocol that the other side speaks; 0 before its hello. */
  get offered(): number {
    return this.#offered;
  }

  /** Passes on what was said in a step, unless the other side does not know it. */
  #pass(step: number, kind: 'statement' | 'certificate', bytes: Uint8Array): void {
    if (this.#version > 3 || step < FIRST_STEPS) this.#send({ kind, bytes });
  }

  /** Round that is open at the other side; 0 before its hello. */
  get round(): number {
    return this.#round;
  }

  #send(message: Message): void {
    if (this.#over) return;
    this.#wire.write(encodeMessage(message));
    if (this.#wire.waiting() > this.#maximumWaiting) this.end('slow');
  }

  /** Takes bytes as they come; may be hostile. */
  receive(chunk: Uint8Array): void {
    for (const message of this.#reader.push(chunk)) {
      if (this.#over) return;
      this.#take(message);
    }
    if (this.#reader.failed !== undefined) this.end(this.#reader.failed);
  }

  #take(message: Message): void {
    if (message.kind === 'hello') this.#meet(message);
    else if (message.kind === 'refused') this.#hearRefusal(message.about, message.reason);
    else if (this.#round === 0) this.end('protocol');
    else if (message.kind === 'round') {
      // Rounds only go up, so nobody can ask for the same twice.
      if (message.round <= this.#round) this.end('protocol');
      else this.#offer(message.round);
    } else if (message.kind === 'want') this.#sayAgain(message.hash);
    else if (message.kind === 'forgotten') this.#lack(message.round, message.oldest);
    else if (message.kind === 'statement' || message.kind === 'certificate') {
      const { kind, bytes } = message;
      const result =
        kind === 'statement' ? this.#node.receive(bytes, this) : this.#node.receiveCertificate(bytes, this);
      if (!result.ok) this.end(result.reason);
    } else if (this.#version === 3) this.end('malformed');
    else if (message.kind === 'state') this.#node.transfer?.takeState(this.#source, message);
    else if (message.kind === 'part') this.#node.transfer?.takePart(this.#source, message.bytes);
    else if (message.kind !== 'unknown') {
      if (!this.#server.take(message)) this.end('protocol');
    } else if (!this.#refused.has(message.code)) {
      this.#refused.add(message.code);
      this.#refuse(message.code, 'unknown-frame');
    }
  }

  #refuse(about: number, reason: RefusalReason): void {
    this.#send({ kind: 'refused', about, reason, oldest: OLDEST_VERSION, version: this.#newest });
  }

  /** Agrees on a version of the protocol: the newest that both speak. */
  #meet({ version, oldest, network, round }: Extract<Message, { kind: 'hello' }>): void {
    const first = this.#offered === 0;
    this.#offered = version;
    // Who speaks version 3 alone takes a newer hello for no frame: it has to be met with its own.
    const common = Math.min(this.#newest, version);
    const deaf = version === 3 && this.#greeted && this.#newest > 3;
    if (first && (deaf || common < Math.max(OLDEST_VERSION, oldest))) {
      this.#refuse(KIND.hello, 'other-version');
      this.end('other-version');
    } else if (!first || round < 1) this.end('protocol');
    else if (!equalBytes(network, this.#node.network.id)) {
      if (version > 3) this.#refuse(KIND.hello, 'other-network');
      this.end('other-network');
    } else {
      this.#version = common;
      if (!this.#greeted) this.#greet(version === 3 ? 3 : this.#newest);
      this.#offer(round);
    }
  }

  /** Hears that the other side does not do what it was asked for. */
  #hearRefusal(about: number, reason: RefusalReason): void {
    if (about === KIND.hello) this.end(reason === 'other-network' ? reason : 'other-version');
    else if (this.#version < 4) this.end('protocol');
    else if (about === KIND['want-state']) this.#node.transfer?.takeRefusal(this.#source, 'state');
    else if (about === KIND['want-part']) this.#node.transfer?.takeRefusal(this.#source, 'part');
  }

  /** Sends what was said in the round that is open at the other side. */
  #offer(round: number): void {
    this.#round = round;
    this.#again = new Set();
    const { oldest } = this.#node;
    if (round < oldest) this.#send({ kind: 'forgotten', round, oldest });
    // The step of a certificate stands behind its round.
    for (const bytes of this.#node.certificates(round)) this.#pass(bytes[8]!, 'certificate', bytes);
    for (const bytes of this.#node.statements(round)) this.#pass(stepOfBytes(bytes), 'statement', bytes);
  }

  /** Hears that the other side cannot tell a round; of each that it was asked for once. */
  #lack(round: number, oldest: number): void {
    if (round <= this.#forgotten || round > this.#node.round || oldest <= round) {
      this.end('protocol');
      return;
    }
    this.#forgotten = round;
    this.#node.receiveForgotten(round, oldest, this);
    if (this.#version > 3 && round === this.#node.round) this.#node.transfer?.offer(this.#source, oldest);
  }

  /** Sends a statement again, once. If it is not here the node wants it too, and passes it on when it comes. */
  #sayAgain(hash: Uint8Array): void {
    const name = textFromBytes(hash);
    const bytes = this.#again.has(name) ? undefined : this.#node.statement(this.#round, hash);
    if (bytes === undefined) return;
    this.#again.add(name);
    this.#send({ kind: 'statement', bytes });
  }

  /** Ends the session. Idempotent. */
  end(reason: SessionReason = 'closed'): void {
    if (this.#over) return;
    this.#over = true;
    this.#unlisten();
    this.#server.end();
    this.#node.transfer?.leave(this.#source);
    this.#wire.close();
    this.#ended(reason);
  }
}
