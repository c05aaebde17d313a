import {
  binaryTerm,
  boundTerm,
  freeTerm,
  integerTerm,
  matchTerm,
  nilTerm,
  parTerm,
  sendTerm,
  wildcardTerm,
} from '../term/build.ts';
import type { Bind, ReceiveTerm, Term } from '../term/term.ts';
import { receiveTerm } from '../term/transform.ts';

/** How many variables a gate binds around the process behind it. */
export const GATE_VARIABLES = 1;

/**
 * The part of a gate that takes one token from a stack of `n` and splits what is left into two stacks, so that as many gates can be passed
 * side by side as there are tokens. `n` is the variable bound last.
 */
function splitter(channel: Term): Term {
  const stack = boundTerm(0);
  const one = integerTerm(1n);
  const two = integerTerm(2n);
  const rest = binaryTerm('/', binaryTerm('-', stack, one), two);
  const plain = { variables: 0, guard: undefined };
  return matchTerm(stack, [
    { ...plain, pattern: one, body: nilTerm() },
    { ...plain, pattern: two, body: sendTerm(channel, [one]) },
    {
      ...plain,
      pattern: wildcardTerm(),
      body: parTerm([sendTerm(channel, [rest]), sendTerm(channel, [binaryTerm('/', stack, two)])]),
    },
  ]);
}

/** Makes gates on one token channel. */
export class Gates {
  readonly #bind: Bind;
  readonly #guard: Term;
  readonly #splitter: Term;

  /** @param channel - a closed name; in a pattern the wildcard, so that gates of every channel match. */
  constructor(channel: Term) {
    this.#bind = { channel, patterns: [freeTerm(0)], remainder: undefined, variables: GATE_VARIABLES, peek: false };
    this.#guard = binaryTerm('>', boundTerm(0), integerTerm(0n));
    this.#splitter = splitter(channel);
  }

  /** `for (@n <- channel where n > 0) { … | body }`. `body` stands under {@link GATE_VARIABLES} more variables, which it does not use. */
  before(body: Term): ReceiveTerm {
    return receiveTerm([this.#bind], parTerm([this.#splitter, body]), false, this.#guard);
  }
}
