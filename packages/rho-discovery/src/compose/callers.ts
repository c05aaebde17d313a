import { boundTerm, newTerm, nilTerm, parTerm, receiveTerm, sendTerm, wildcardTerm, type Term } from '@commute/rholang';
import type { ContractInterface } from '../contract/interface.ts';
import { channelText } from '../index/judge.ts';
import { isUniversal } from '../subsume/pattern.ts';
import { exampleOf } from '../subsume/subsumes.ts';

/** A program that calls a contract once, and waits for an answer where one is to be expected. */
export interface Caller {
  readonly name: string;
  readonly term: Term;
}

/**
 * A caller of a contract with values that its patterns accept; `undefined` if none are found or nobody can call it.
 *
 * It waits for an answer on a name if that is the only one on which the contract answers, or if it always answers there.
 */
export function callerOf(contract: ContractInterface): Caller | undefined {
  const { channel, message, replies } = contract;
  if (channel.kind !== 'public') return undefined;
  const own = replies.filter(({ nested, argument }) => !nested && isName(message.elements[argument]));
  const count = own.length;
  const data: Term[] = [];
  for (const [argument, pattern] of message.elements.entries()) {
    const fresh = own.findIndex((one) => one.argument === argument);
    const value = fresh >= 0 ? boundTerm(count - 1 - fresh) : isUniversal(pattern) ? nilTerm() : exampleOf(pattern);
    if (value === undefined) return undefined;
    data.push(value);
  }
  const waits = own.flatMap(({ least }, index) => {
    if (count > 1 && least === 0) return [];
    const bind = {
      channel: boundTerm(count - 1 - index),
      patterns: [],
      remainder: wildcardTerm(),
      variables: 0,
      peek: false,
    };
    return [receiveTerm([bind], nilTerm())];
  });
  const body = parTerm([sendTerm(channel.name, data), ...waits]);
  return { name: `caller of ${channelText(channel)}`, term: count === 0 ? body : newTerm(count, [], body) };
}

function isName(pattern: Term | undefined): boolean {
  return pattern !== undefined && isUniversal(pattern);
}
