import { equalBytes, textFromBytes } from '@commute/rho-store/bytes';
import { encodeMessage, FrameReader, type FrameReason, type Message } from './frame.ts';
import type { RhoNode } from './rho-node.ts';
import { encodeCertificate } from './certificate.ts';
import type { StatementReason } from './statement.ts';

/** Why a session ended. */
export type SessionReason =
  | FrameReason
  | StatementReason
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
}

/** Bytes of a statement around its body. */
const STATEMENT_OVERHEAD = 256;

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
    { maximumWaiting = 2 ** 26 }: SessionOptions = {},
  ) {
    this.#node = node;
    this.#wire = wire;
    this.#ended = ended;
    this.#maximumWaiting = maximumWaiting;
    const { maximumBlockBytes, members } = node.network;
    this.#reader = new FrameReader(
      Math.max(maximumBlockBytes, members.length * CERTIFICATE_BYTES) + STATEMENT_OVERHEAD,
    );
    this.#unlisten = node.listen((event) => {
      if (event.kind === 'statement' && event.from !== this && this.#round === event.statement.round)
        this.#send({ kind: 'statement', bytes: event.statement.bytes });
      if (event.kind === 'certificate' && event.from !== this && this.#round === event.certificate.round)
        this.#send({ kind: 'certificate', bytes: encodeCertificate(event.certificate) });
      if (event.kind === 'want' && this.#round > 0) this.#send({ kind: 'want', hash: event.hash });
      if (event.kind === 'closed' && this.#round > 0) this.#send({ kind: 'round', round: event.round + 1 });
    });
    this.#send({ kind: 'hello', network: node.network.id, round: node.round });
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
    if (message.kind === 'hello') {
      if (this.#round > 0 || message.round < 1) this.end('protocol');
      else if (!equalBytes(message.network, this.#node.network.id)) this.end('other-network');
      else this.#offer(message.round);
    } else if (this.#round === 0) this.end('protocol');
    else if (message.kind === 'round') {
      // Rounds only go up, so nobody can ask for the same twice.
      if (message.round <= this.#round) this.end('protocol');
      else this.#offer(message.round);
    } else if (message.kind === 'want') this.#sayAgain(message.hash);
    else if (message.kind === 'forgotten') this.#lack(message.round, message.oldest);
    else {
      const { kind, bytes } = message;
      const result =
        kind === 'statement' ? this.#node.receive(bytes, this) : this.#node.receiveCertificate(bytes, this);
      if (!result.ok) this.end(result.reason);
    }
  }

  /** Sends what was said in the round that is open at the other side. */
  #offer(round: number): void {
    this.#round = round;
    this.#again = new Set();
    const { oldest } = this.#node;
    if (round < oldest) this.#send({ kind: 'forgotten', round, oldest });
    for (const bytes of this.#node.certificates(round)) this.#send({ kind: 'certificate', bytes });
    for (const bytes of this.#node.statements(round)) this.#send({ kind: 'statement', bytes });
  }

  /** Hears that the other side cannot tell a round; of each that it was asked for once. */
  #lack(round: number, oldest: number): void {
    if (round <= this.#forgotten || round > this.#node.round || oldest <= round) {
      this.end('protocol');
      return;
    }
    this.#forgotten = round;
    this.#node.receiveForgotten(round, oldest, this);
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
    this.#wire.close();
    this.#ended(reason);
  }
}
