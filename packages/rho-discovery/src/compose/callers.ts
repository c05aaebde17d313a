import {
  booleanTerm,
  boundTerm,
  createRuntime,
  integerTerm,
  listTerm,
  mapTerm,
  newTerm,
  nilTerm,
  parTerm,
  receiveTerm,
  sendTerm,
  setTerm,
  stringTerm,
  wildcardTerm,
  type Term,
} from '@commute/rholang';
import type { ContractInterface, Reply } from '../contract/interface.ts';
import { channelText } from '../index/judge.ts';
import { isUniversal } from '../subsume/pattern.ts';
import { exampleOf } from '../subsume/subsumes.ts';

/** A program that calls a contract once, and waits for an answer where one is to be expected. */
export interface Caller {
  readonly name: string;
  readonly term: Term;
}

/** What parts of a message are called with whose patterns accept everything. */
const VALUES: readonly Term[] = [
  integerTerm(0n),
  nilTerm(),
  stringTerm(''),
  booleanTerm(true),
  listTerm([]),
  mapTerm([]),
  setTerm([]),
];
const MAXIMUM_COMMS = 10_000;
const SEED = /* @__PURE__ */ new Uint8Array(32);

/**
 * A caller of a contract with values that its patterns accept; `undefined` if none are found or nobody can call it.
 *
 * It waits for an answer on a name if that is the only one on which the contract answers, or if it always answers there. Where a pattern accepts everything, the value is
 * one with which a single call beside `program` does not fail, if there is one among a few of all types.
 */
export function callerOf(contract: ContractInterface, program: Term): Caller | undefined {
  const first = callerWith(contract, VALUES[0]!);
  if (first === undefined || !hasFreeChoice(contract)) return first;
  for (const value of VALUES) {
    const caller = callerWith(contract, value);
    if (caller !== undefined && !fails(parTerm([program, caller.term]))) return caller;
  }
  return first;
}

function fails(program: Term): boolean {
  const result = createRuntime().run(program, { seed: SEED, maximumComms: MAXIMUM_COMMS });
  return !result.ok && result.reason !== 'comm-limit';
}

function namesOf({ message, replies }: ContractInterface): readonly Reply[] {
  return replies.filter(({ nested, argument }) => !nested && isName(message.elements[argument]));
}

function hasFreeChoice(contract: ContractInterface): boolean {
  const names = new Set(namesOf(contract).map(({ argument }) => argument));
  return contract.message.elements.some((pattern, argument) => isUniversal(pattern) && !names.has(argument));
}

function callerWith(contract: ContractInterface, any: Term): Caller | undefined {
  const { channel, message } = contract;
  if (channel.kind !== 'public') return undefined;
  const names = namesOf(contract);
  const count = names.length;
  const data: Term[] = [];
  for (const [argument, pattern] of message.elements.entries()) {
    const fresh = names.findIndex((one) => one.argument === argument);
    const value = fresh >= 0 ? boundTerm(count - 1 - fresh) : isUniversal(pattern) ? any : exampleOf(pattern);
    if (value === undefined) return undefined;
    data.push(value);
  }
  const waits = names.flatMap(({ least }, index) => {
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
