import { decodeAnswer, decodeQuestion, encodeAnswer, encodeQuestion } from './codec.ts';
import type { Answer, Party, Question } from './messages.ts';

/** One end of a channel that carries bytes: a `MessagePort` of a browser or of Node is one. */
export interface DisputePort {
  readonly postMessage: (bytes: Uint8Array) => void;
  onmessage: ((event: { readonly data: unknown }) => unknown) | null;
}

/** Bytes that a party sent are not a message. The referee counts this as a malformed answer. */
export class MalformedMessageError extends Error {
  readonly reason: string;
  constructor(reason: string) {
    super(`message: expected an answer, got bytes that are none: ${reason}`);
    this.reason = reason;
  }
}

/**
 * A party at the other end of a channel. Answers are matched to questions by number; what answers no open question is
 * ignored.
 */
export function remoteParty(name: string, port: DisputePort): Party {
  const open = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();
  let next = 0;
  const rejectAll = (reason: string): void => {
    for (const { reject } of open.values()) reject(new MalformedMessageError(reason));
    open.clear();
  };
  port.onmessage = ({ data }) => {
    if (!(data instanceof Uint8Array)) {
      rejectAll('not bytes');
      return;
    }
    const decoded = decodeAnswer(data);
    if (!decoded.ok) {
      rejectAll(decoded.reason);
      return;
    }
    open.get(decoded.id)?.resolve(decoded.message);
    open.delete(decoded.id);
  };
  return {
    name,
    ask: (question: Question) =>
      new Promise((resolve, reject) => {
        const id = next;
        next = (next + 1) >>> 0;
        open.set(id, { resolve, reject });
        port.postMessage(encodeQuestion(id, question));
      }),
  };
}

/**
 * Lets a party answer what comes over a channel. Bytes that are no question are ignored: the referee is trusted for the
 * verdict, not for its bytes.
 */
export function serveParty(party: Party, port: DisputePort): void {
  port.onmessage = ({ data }) => {
    if (!(data instanceof Uint8Array)) return;
    const decoded = decodeQuestion(data);
    if (!decoded.ok) return;
    void party.ask(decoded.message).then(
      (answer) => {
        port.postMessage(encodeAnswer(decoded.id, answer));
      },
      (error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        port.postMessage(encodeAnswer(decoded.id, { kind: 'refusal', reason }));
      },
    );
  };
}

/** Two ends of a channel inside this thread. Bytes are copied, and arrive after the present work of the thread. */
export function portPair(): [DisputePort, DisputePort] {
  const end = (other: () => DisputePort): DisputePort => ({
    onmessage: null,
    postMessage: (bytes) => {
      const copy = bytes.slice();
      queueMicrotask(() => {
        other().onmessage?.({ data: copy });
      });
    },
  });
  const first: DisputePort = end(() => second);
  const second: DisputePort = end(() => first);
  return [first, second];
}
