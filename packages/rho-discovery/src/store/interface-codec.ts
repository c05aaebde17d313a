import {
  bigIntegerTerm,
  booleanTerm,
  bytesTerm,
  decodeTerm,
  encodeTerm,
  integerTerm,
  listTerm,
  stringTerm,
  tupleTerm,
  type ListTerm,
  type Term,
  type UnboundedReason,
} from '@commute/rholang';
import { channelOf } from '../contract/extract.ts';
import type { ContractInterface, PassedName, Reply } from '../contract/interface.ts';

const UNBOUNDED = -1n;

const UNBOUNDED_REASONS: readonly UnboundedReason[] = [
  'recursion',
  'open-receive',
  'runs-code',
  'code-leaves',
  'system-name-leaves',
  'analysis-limit',
];

/** Terms that were decoded, by their bytes: most contracts have the patterns of others, and equal ones are decoded once. */
export type Known = Map<string, Term>;

const integers = (numbers: readonly number[]): Term => listTerm(numbers.map((one) => integerTerm(BigInt(one))));
// Patterns stand apart, as bytes: their variables are not those of the record.
const apart = (term: Term): Term => bytesTerm(encodeTerm(term));

/** A contract that stands in a store, as a term; its channel, hash and place are known from where it stands. */
export function interfaceTerm(contract: ContractInterface): Term {
  const { message, guarded, joined, replies, passes, forwarded, cost, properties } = contract;
  return tupleTerm([
    apart(message),
    booleanTerm(guarded),
    booleanTerm(joined),
    listTerm(
      replies.map(({ argument, nested, messages, complete, least, most }) =>
        tupleTerm([
          integers([argument, least, Number.isFinite(most) ? most : Number(UNBOUNDED)]),
          booleanTerm(nested),
          booleanTerm(complete),
          listTerm(messages.map(apart)),
        ]),
      ),
    ),
    listTerm(
      passes.map(({ argument, channel, position }) => tupleTerm([integers([argument, position]), apart(channel.name)])),
    ),
    integers(forwarded),
    cost.kind === 'bounded' ? bigIntegerTerm(cost.tokens) : stringTerm(cost.reason),
    listTerm(properties.map(({ name, verdict }) => tupleTerm([stringTerm(name), stringTerm(verdict)]))),
  ]);
}

/** Thrown where a record is not what it should be; never leaves this folder. */
export class MalformedRecord extends Error {}

function fail(): never {
  throw new MalformedRecord('malformed record');
}

/** The elements of a tuple with this many, or of a list. */
export function elementsOf(term: Term | undefined, kind: 'list' | 'tuple', count?: number): readonly Term[] {
  if (term?.kind !== kind || (count !== undefined && term.elements.length !== count)) return fail();
  return term.elements;
}

export function textOf(term: Term | undefined): string {
  return term?.kind === 'string' ? term.value : fail();
}

export function bytesOf(term: Term | undefined): Uint8Array {
  return term?.kind === 'bytes' ? term.value : fail();
}

/** A count in `[least, 2^31)`. */
export function countOf(term: Term | undefined, least = 0): number {
  if (term?.kind !== 'integer' || term.value < BigInt(least) || term.value >= 1n << 31n) return fail();
  return Number(term.value);
}

function flagOf(term: Term | undefined): boolean {
  return term?.kind === 'boolean' ? term.value : fail();
}

/** A closed term that stands as bytes. */
export function termOf(term: Term | undefined, known: Known): Term {
  const bytes = bytesOf(term);
  const key = String.fromCharCode(...bytes.subarray(0, MAXIMUM_KNOWN));
  const found = bytes.length > MAXIMUM_KNOWN ? undefined : known.get(key);
  if (found !== undefined) return found;
  const decoded = decodeTerm(bytes);
  if (!decoded.ok || decoded.term.scope > 0) return fail();
  if (bytes.length <= MAXIMUM_KNOWN) known.set(key, decoded.term);
  return decoded.term;
}

/** Longest term that is remembered, in bytes. */
const MAXIMUM_KNOWN = 4096;

function messageOf(term: Term | undefined, known: Known): ListTerm {
  const message = termOf(term, known);
  return message.kind === 'list' ? message : fail();
}

function replyOf(term: Term, known: Known): Reply {
  const [numbers, nested, complete, messages] = elementsOf(term, 'tuple', 4);
  const [argument, least, most] = elementsOf(numbers, 'list', 3);
  const bound = countOf(most, Number(UNBOUNDED));
  return {
    argument: countOf(argument),
    nested: flagOf(nested),
    messages: elementsOf(messages, 'list').map((one) => messageOf(one, known)),
    complete: flagOf(complete),
    least: countOf(least),
    most: bound < 0 ? Infinity : bound,
  };
}

function passOf(term: Term, known: Known): PassedName {
  const [numbers, name] = elementsOf(term, 'tuple', 2);
  const [argument, position] = elementsOf(numbers, 'list', 2);
  return { argument: countOf(argument), channel: channelOf(termOf(name, known)), position: countOf(position) };
}

function costOf(term: Term | undefined): ContractInterface['cost'] {
  if (term?.kind === 'big-integer' && term.value >= 0n) return { kind: 'bounded', tokens: term.value };
  return { kind: 'unbounded', reason: oneOf(UNBOUNDED_REASONS, textOf(term)) };
}

function oneOf<T extends string>(all: readonly T[], text: string): T {
  return all.find((one) => one === text) ?? fail();
}

/** The contract that {@link interfaceTerm} made a term of, on a channel. @throws MalformedRecord */
export function interfaceFrom(term: Term, channel: Term, hash: string, known: Known): ContractInterface {
  const fields = elementsOf(term, 'tuple', 8);
  const [message, guarded, joined, replies, passes, forwarded, cost, properties] = fields;
  const own = messageOf(message, known);
  return {
    channel: channelOf(channel),
    message: own,
    arity: own.elements.length,
    guarded: flagOf(guarded),
    joined: flagOf(joined),
    dynamic: false,
    replies: elementsOf(replies, 'list').map((one) => replyOf(one, known)),
    passes: elementsOf(passes, 'list').map((one) => passOf(one, known)),
    forwarded: elementsOf(forwarded, 'list').map((one) => countOf(one)),
    cost: costOf(cost),
    properties: elementsOf(properties, 'list').map((one) => {
      const [name, verdict] = elementsOf(one, 'tuple', 2);
      return { name: textOf(name), verdict: oneOf(['holds', 'fails', 'unknown'], textOf(verdict)) };
    }),
    hash,
    place: undefined,
  };
}
