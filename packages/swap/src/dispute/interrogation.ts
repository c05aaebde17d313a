import { encodeAnswer, encodeQuestion } from './codec.ts';
import { wantedAnswer, type Answer, type AnswerTo, type Claim, type Party, type Question } from './messages.ts';
import { MalformedMessageError } from './port.ts';
import { wallClock, type LossReason, type RefereeOptions } from './rules.ts';

/** An answer that fits its question, or why there is none. */
export type ReplyOf<T> =
  | { readonly ok: true; readonly answer: T }
  | { readonly ok: false; readonly reason: LossReason; readonly detail: string };

type Reply = ReplyOf<Answer>;

/** Asks parties and judges the form of what they answer; counts bytes. */
export class Interrogation {
  readonly #options: RefereeOptions;
  bytes = 0;

  constructor(options: RefereeOptions) {
    this.#options = options;
  }

  /**
   * Asks one party. Resolves in any case, at the latest when the time for an answer is over.
   *
   * @throws the signal's reason once it is aborted.
   */
  async ask<Q extends Question>(party: Party, question: Q): Promise<ReplyOf<AnswerTo<Q>>> {
    const { answerMilliseconds = 60_000, clock = wallClock, signal } = this.#options;
    signal?.throwIfAborted();
    this.bytes += encodeQuestion(0, question).length;
    const reply = await new Promise<Reply>((resolve, reject) => {
      const cancel = clock(answerMilliseconds, () => {
        resolve({ ok: false, reason: 'timeout', detail: `no answer in ${String(answerMilliseconds)} ms` });
      });
      const abort = (): void => {
        cancel();
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', abort, { once: true });
      const end = (value: Reply): void => {
        cancel();
        signal?.removeEventListener('abort', abort);
        resolve(value);
      };
      answerOf(party, question).then(
        (answer) => {
          end(judge(question, answer));
        },
        (error: unknown) => {
          const malformed = error instanceof MalformedMessageError;
          const detail = malformed ? error.reason : String(error);
          end({ ok: false, reason: malformed ? 'malformed' : 'refused', detail });
        },
      );
    });
    if (reply.ok) this.bytes += encodeAnswer(0, reply.answer).length;
    return reply as ReplyOf<AnswerTo<Q>>;
  }
}

/** A party may throw before it promises anything. */
async function answerOf(party: Party, question: Question): Promise<unknown> {
  return await party.ask(question);
}

/** Checks the form of an answer. Takes copies, so that a party in this thread cannot change it afterwards. */
function judge(question: Question, value: unknown): Reply {
  const malformed = (detail: string): Reply => ({ ok: false, reason: 'malformed', detail });
  if (typeof value !== 'object' || value === null) return malformed('not an answer');
  const answer = value as Readonly<Partial<Record<string, unknown>>>;
  const { kind } = answer;
  if (kind === 'refusal') {
    return { ok: false, reason: 'refused', detail: typeof answer['reason'] === 'string' ? answer['reason'] : '' };
  }
  if (kind !== wantedAnswer(question)) return malformed(`an answer of another kind than ${wantedAnswer(question)}`);
  switch (kind) {
    case 'claim': {
      const claim = claimFrom(answer['claim']);
      return claim === undefined ? malformed('not a claim') : { ok: true, answer: { kind, claim } };
    }
    case 'root': {
      const root = rootFrom(answer['root']);
      return root === undefined ? malformed('not a root') : { ok: true, answer: { kind, root } };
    }
    case 'opening': {
      const before = rootsFrom(answer['before']);
      const after = rootsFrom(answer['after']);
      if (before === undefined || after === undefined) return malformed('not siblings');
      return { ok: true, answer: { kind, before, after } };
    }
    default: {
      const proof = answer['proof'];
      if (!(proof instanceof Uint8Array)) return malformed('not a proof');
      return { ok: true, answer: { kind: 'proof', proof: proof.slice() } };
    }
  }
}

function claimFrom(value: unknown): Claim | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { initialRoot, steps, finalRoot } = value as { readonly [K in keyof Claim]?: unknown };
  const first = rootFrom(initialRoot);
  const last = rootFrom(finalRoot);
  if (first === undefined || last === undefined || !isCount(steps)) return undefined;
  return { initialRoot: first, steps, finalRoot: last };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function rootFrom(value: unknown): Uint8Array | undefined {
  return value instanceof Uint8Array && value.length === 32 ? value.slice() : undefined;
}

function rootsFrom(value: unknown): Uint8Array[] | undefined {
  if (!Array.isArray(value) || value.length > 20) return undefined;
  const roots = value.map(rootFrom);
  return roots.every((root) => root !== undefined) ? roots : undefined;
}
