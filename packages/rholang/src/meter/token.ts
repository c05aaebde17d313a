import { BaseError } from '@commute/errors';
import { hashBinary } from '../term/blake3.ts';
import { integerTerm, sendTerm, unforgeableTerm } from '../term/build.ts';
import { binaryFromBytes } from '../term/encode.ts';
import type { SendTerm, Term } from '../term/term.ts';

/** A stack of tokens is not what it must be. */
export class TokenError extends BaseError<'RHOLANG_TOKEN_MISMATCH', { name: string; expected: string; got: string }> {
  constructor(name: string, expected: string, got: string) {
    super('RHOLANG_TOKEN_MISMATCH', `${name}: expected ${expected}, got ${got}`, { name, expected, got });
  }
}

/** Most tokens of one stack: the greatest 64-bit integer. */
export const MAXIMUM_STACK: bigint = 2n ** 63n - 1n;

/**
 * The channel on which the tokens of a deploy wait: an unforgeable name that only the identity of the deploy leads to.
 *
 * @param deploy - bytes that identify the deploy, such as its signature.
 * @example
 * ```ts
 * import { equalTerms, tokenChannel } from '@commute/rholang';
 * if (equalTerms(tokenChannel(new Uint8Array([1])), tokenChannel(new Uint8Array([2])))) throw new Error('shared tokens');
 * ```
 */
export function tokenChannel(deploy: Uint8Array): Term {
  return unforgeableTerm(hashBinary(`tokens:${binaryFromBytes(deploy)}`));
}

/**
 * The process that puts a stack of tokens on a channel: one message, however many tokens there are. Run it before or after the metered program.
 *
 * @param tokens - in `[1, 2^63 - 1]`.
 * @throws TokenError if `tokens` is out of range.
 */
export function tokenStack(channel: Term, tokens: bigint): SendTerm {
  if (tokens < 1n || tokens > MAXIMUM_STACK)
    throw new TokenError('tokens', 'an integer in [1, 2^63 - 1]', String(tokens));
  return sendTerm(channel, [integerTerm(tokens)]);
}

/**
 * Counts the tokens in messages that wait on a token channel. Messages that are no stacks count nothing.
 *
 * @param messages - the data of each message.
 * @example
 * ```ts
 * import { countTokens, createRuntime, equalTerms, MemorySpace, tokenChannel, tokenStack } from '@commute/rholang';
 * const space = new MemorySpace();
 * const channel = tokenChannel(new Uint8Array([1]));
 * createRuntime({ space }).run(tokenStack(channel, 12n), { seed: new Uint8Array(32) });
 * const row = [...space.entries()].find((one) => equalTerms(one.channel, channel));
 * if (countTokens(row?.data ?? []) !== 12n) throw new Error('lost tokens');
 * ```
 */
export function countTokens(messages: Iterable<{ readonly data: readonly Term[] }>): bigint {
  let tokens = 0n;
  for (const { data } of messages) {
    const [stack] = data;
    if (data.length === 1 && stack?.kind === 'integer' && stack.value > 0n) tokens += stack.value;
  }
  return tokens;
}
