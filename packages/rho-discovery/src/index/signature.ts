import { encodeTermBinary, listTerm } from '@commute/rholang';
import type { ContractInterface } from '../contract/interface.ts';
import { withoutNumbers } from '../subsume/components.ts';
import { headOf } from './heads.ts';
import { channelText } from './judge.ts';

/** A contract in an index. */
export interface IndexedContract {
  /** What tells it from all others in the index, chosen by the caller. */
  readonly id: string;
  readonly contract: ContractInterface;
}

/** Contracts that cannot be told apart by what they accept and answer; judged once for all. */
export class Signature {
  readonly key: string;
  /** One of the contracts, for all that they share. */
  readonly like: ContractInterface;
  /** The heads of its patterns. */
  readonly heads: readonly string[];
  readonly #members = new Map<string, IndexedContract>();
  #sorted: readonly IndexedContract[] | undefined;

  constructor(key: string, like: ContractInterface) {
    this.key = key;
    this.like = like;
    this.heads = like.message.elements.map(headOf);
  }

  get size(): number {
    return this.#members.size;
  }

  add(member: IndexedContract): void {
    this.#members.set(member.id, member);
    this.#sorted = undefined;
  }

  delete(id: string): void {
    this.#members.delete(id);
    this.#sorted = undefined;
  }

  /** The contracts, best first. */
  inOrder(): readonly IndexedContract[] {
    this.#sorted ??= [...this.#members.values()].sort(compareContracts);
    return this.#sorted;
  }
}

/** Cheaper first, then with more properties that hold, then reachable, then by channel and id. */
export function compareContracts(left: IndexedContract, right: IndexedContract): number {
  return (
    compareCosts(left.contract, right.contract) ||
    holding(right.contract) - holding(left.contract) ||
    Number(left.contract.dynamic) - Number(right.contract.dynamic) ||
    compareText(channelText(left.contract.channel), channelText(right.contract.channel)) ||
    compareText(left.id, right.id)
  );
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function compareCosts({ cost: left }: ContractInterface, { cost: right }: ContractInterface): number {
  if (left.kind === 'unbounded' || right.kind === 'unbounded')
    return Number(left.kind === 'unbounded') - Number(right.kind === 'unbounded');
  return left.tokens < right.tokens ? -1 : left.tokens > right.tokens ? 1 : 0;
}

function holding({ properties }: ContractInterface): number {
  return properties.filter(({ verdict }) => verdict === 'holds').length;
}

/** The same for all contracts that accept and answer the same by the same patterns. */
export function signatureKey(contract: ContractInterface): string {
  const { message, guarded, joined, replies, forwarded, passes } = contract;
  const shared: string[] = [
    encodeTermBinary(withoutNumbers(message)),
    String(guarded),
    String(joined),
    forwarded.join(),
    passes.map(({ argument }) => argument).join(),
  ];
  for (const { argument, nested, messages, complete, least, most } of replies) {
    shared.push([argument, nested, complete, least > 0, most].join(), encodeTermBinary(listTerm(messages)));
  }
  return shared.map((part) => `${String(part.length)}:${part}`).join('');
}
