import { assertInteger } from '@commute/errors';
import { termKey, uriTerm, type Term } from '@commute/rholang';
import type { ContractChannel, ContractInterface } from '../contract/interface.ts';
import { DiscoveryArgumentError } from '../errors.ts';
import { overlaps } from '../subsume/subsumes.ts';
import { EVERYTHING, headsInside } from './heads.ts';
import { judge, ownVerdict, sharedVerdict, worst, type Aspect } from './judge.ts';
import type { ContractQuery } from './query.ts';
import { compareContracts, Signature, signatureKey, type IndexedContract } from './signature.ts';

/** How a query is answered. */
export interface QueryOptions {
  /** Most matches; 20 unless told. */
  readonly limit?: number;
  /** Most contracts that nearly match; 5 unless told. */
  readonly near?: number;
  /** Most signatures and contracts that are looked at one by one; 20,000 unless told. */
  readonly maximumExamined?: number;
  /** Leaves out the contracts for which it is false. */
  readonly where?: (contract: ContractInterface) => boolean;
}

/** A contract and how it stands to a query. */
export interface QueryMatch extends IndexedContract {
  /** `yes` if it surely fits, `unknown` if nothing speaks against it; `no` for those that nearly match. */
  readonly verdict: 'yes' | 'no' | 'unknown';
  /** How it stands in each respect that the query names. */
  readonly aspects: readonly Aspect[];
}

/** What a query found. */
export interface QueryAnswer {
  /** Contracts that fit, best first: sure before possible, the narrowest patterns before wider ones, then cheaper ones. */
  readonly matches: readonly QueryMatch[];
  /** Contracts that fail in one respect, or two, best first. */
  readonly near: readonly QueryMatch[];
  /** Number of signatures and contracts that were looked at one by one. */
  readonly examined: number;
  /** False if there was more to look at than allowed. */
  readonly complete: boolean;
}

/** Signatures that take messages of one number of parts. */
interface Bucket {
  readonly all: Set<Signature>;
  /** The same in a fixed order, once it was asked for since the last change. */
  sorted: readonly Signature[] | undefined;
  /** By position and head. */
  readonly heads: Map<string, Set<Signature>>[];
}

/** Most contracts that are looked at for near misses on each way to find them. */
const MAXIMUM_NEAR_EXAMINED = 100;

const anyContract = (): boolean => true;

class Allowance {
  examined = 0;
  complete = true;
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  /** Takes one; false if there is none left. */
  take(): boolean {
    if (this.examined >= this.#most) {
      this.complete = false;
      return false;
    }
    this.examined += 1;
    return true;
  }
}

function added<K, V>(map: Map<K, Set<V>>, key: K, value: V): void {
  const set = map.get(key);
  if (set === undefined) map.set(key, new Set([value]));
  else set.add(value);
}

function removed<K, V>(map: Map<K, Set<V>>, key: K, value: V): void {
  const set = map.get(key);
  set?.delete(value);
  if (set?.size === 0) map.delete(key);
}

/** What a channel is looked up by; `undefined` for channels that nobody can write down. */
function channelKeyOf(channel: ContractChannel): string | undefined {
  switch (channel.kind) {
    case 'public':
    case 'unforgeable':
      return termKey(channel.name);
    case 'registry':
    case 'uri':
      return termKey(uriTerm(channel.uri));
    default:
      return undefined;
  }
}

/**
 * Contracts by channel, number of parts, patterns and answers. A query looks only at those that share a head of the pattern that rules out most, and
 * judges contracts with equal patterns and answers once.
 *
 * @example
 * ```ts
 * import { ContractIndex, interfaceOf, parseQuery, readProgram } from '@commute/rho-discovery';
 * const program = readProgram('contract @"twice"(@{x /\\ Int}, reply) = { reply!(x + x) }', 'twice.rho');
 * const query = parseQuery('contract _(@5, reply) = { reply!(Int) }');
 * if (!program.ok || !query.ok) throw new Error('unreadable');
 * const index = new ContractIndex();
 * for (const contract of interfaceOf(program.term).contracts) index.add(contract.hash, contract);
 * if (index.query(query.query).matches[0]?.verdict !== 'yes') throw new Error('not found');
 * ```
 */
export class ContractIndex {
  readonly #contracts = new Map<string, { readonly member: IndexedContract; readonly signature: Signature }>();
  readonly #signatures = new Map<string, Signature>();
  readonly #channels = new Map<string, Set<IndexedContract>>();
  /** By number of parts that have a pattern; those with a remainder apart. */
  readonly #closed = new Map<number, Bucket>();
  readonly #open = new Map<number, Bucket>();

  /** Number of contracts. */
  get size(): number {
    return this.#contracts.size;
  }

  /** Number of different patterns with answers. */
  get signatures(): number {
    return this.#signatures.size;
  }

  /** The contract with an id. */
  get(id: string): ContractInterface | undefined {
    return this.#contracts.get(id)?.member.contract;
  }

  /** All contracts, in the order in which they were added. */
  *entries(): Generator<IndexedContract> {
    for (const { member } of this.#contracts.values()) yield member;
  }

  /**
   * Adds a contract.
   *
   * @param id - what tells it from all others.
   * @throws DiscoveryArgumentError if the id is taken.
   */
  add(id: string, contract: ContractInterface): void {
    if (this.#contracts.has(id)) throw new DiscoveryArgumentError('id', 'one that is not in the index', id);
    const key = signatureKey(contract);
    let signature = this.#signatures.get(key);
    if (signature === undefined) {
      signature = new Signature(key, contract);
      this.#signatures.set(key, signature);
      this.#place(signature, added);
    }
    const member = { id, contract };
    signature.add(member);
    this.#contracts.set(id, { member, signature });
    const channel = channelKeyOf(contract.channel);
    if (channel !== undefined) added(this.#channels, channel, member);
  }

  /** Takes a contract away. @returns false if there is none with this id. */
  delete(id: string): boolean {
    const found = this.#contracts.get(id);
    if (found === undefined) return false;
    const { member, signature } = found;
    this.#contracts.delete(id);
    signature.delete(id);
    if (signature.size === 0) {
      this.#signatures.delete(signature.key);
      this.#place(signature, removed);
    }
    const channel = channelKeyOf(member.contract.channel);
    if (channel !== undefined) removed(this.#channels, channel, member);
    return true;
  }

  #place(signature: Signature, change: typeof added): void {
    const { message, arity } = signature.like;
    const buckets = message.remainder === undefined ? this.#closed : this.#open;
    let bucket = buckets.get(arity);
    if (bucket === undefined) {
      bucket = {
        all: new Set(),
        sorted: undefined,
        heads: message.elements.map(() => new Map<string, Set<Signature>>()),
      };
      buckets.set(arity, bucket);
    }
    bucket.sorted = undefined;
    if (change === added) bucket.all.add(signature);
    else bucket.all.delete(signature);
    signature.heads.forEach((head, position) => {
      change(bucket.heads[position]!, head, signature);
    });
    if (bucket.all.size === 0) buckets.delete(arity);
  }

  /**
   * Finds contracts that fit, and those that nearly do. The same index gives the same answer, in whatever order it was filled.
   *
   * @throws RangeMismatchError RHO_DISCOVERY_ARGUMENT_RANGE if a limit is no integer in its range.
   */
  query(query: ContractQuery, options: QueryOptions = {}): QueryAnswer {
    const { limit = 20, near = 5, maximumExamined = 20_000, where = anyContract } = options;
    assertInteger('RHO_DISCOVERY_ARGUMENT_RANGE', 'limit', limit, 0, 10_000);
    assertInteger('RHO_DISCOVERY_ARGUMENT_RANGE', 'near', near, 0, 1000);
    assertInteger('RHO_DISCOVERY_ARGUMENT_RANGE', 'maximumExamined', maximumExamined, 1, 100_000_000);
    const allowance = new Allowance(maximumExamined);
    const search = new Query(query, limit, allowance, where);
    const { channel } = query;
    const isOneChannel = channel !== undefined && !channel.isPattern && channel.scope === 0;
    if (isOneChannel) {
      for (const { id } of this.#at(channel)) if (!search.member(this.#contracts.get(id)!)) break;
    } else {
      const candidates = new Set(this.#candidates(query));
      // The order matters only if not all of them are looked at.
      const ordered = candidates.size > maximumExamined ? inOrder(candidates) : candidates;
      for (const signature of ordered) if (!search.signature(signature)) break;
    }
    const matches = search.best();
    const nearly = near === 0 ? [] : this.#near(query, near, isOneChannel, where);
    return { matches, near: nearly, examined: allowance.examined, complete: allowance.complete };
  }

  /** The contracts on a channel, best first. */
  #at(channel: Term): readonly IndexedContract[] {
    return [...(this.#channels.get(termKey(channel)) ?? [])].sort(compareContracts);
  }

  /** Signatures that may take all that is described. */
  *#candidates({ message }: ContractQuery): Generator<Signature> {
    if (message === undefined) {
      yield* this.#signatures.values();
      return;
    }
    const count = message.elements.length;
    for (const [open, buckets] of [
      [false, this.#closed],
      [true, this.#open],
    ] as const) {
      for (const [arity, bucket] of buckets) {
        if (open ? arity > count : arity !== count || message.remainder !== undefined) continue;
        const parts = message.elements.slice(0, arity).map(headsInside);
        const fits = ({ heads }: Signature): boolean =>
          parts.every((part, position) => part === undefined || part.has(heads[position]!));
        yield* this.#narrowest(bucket, parts).filter(fits);
      }
    }
    // A description of no message at all is taken by every contract.
    if (overlaps(message, message).verdict === 'no') yield* this.#signatures.values();
  }

  /** The signatures of a bucket that share a head at the position where fewest do. */
  #narrowest(bucket: Bucket, parts: readonly (ReadonlySet<string> | undefined)[]): readonly Signature[] {
    let best: readonly ReadonlySet<Signature>[] = [bucket.all];
    let least = bucket.all.size;
    parts.forEach((heads, position) => {
      if (heads === undefined) return;
      const sets = [...heads].flatMap((head) => bucket.heads[position]!.get(head) ?? []);
      const size = sets.reduce((sum, set) => sum + set.size, 0);
      if (size >= least) return;
      least = size;
      best = sets;
    });
    return best.flatMap((set) => [...set]);
  }

  /** Contracts that fail in few respects: on the channel that is asked for, or with the number of parts. */
  #near(
    query: ContractQuery,
    limit: number,
    isOneChannel: boolean,
    where: (contract: ContractInterface) => boolean,
  ): readonly QueryMatch[] {
    const { channel, message } = query;
    const members: IndexedContract[] = [];
    const take = (some: readonly IndexedContract[]): void => {
      members.push(...some.filter(({ contract }) => where(contract)).slice(0, MAXIMUM_NEAR_EXAMINED));
    };
    if (isOneChannel && channel !== undefined) take(this.#at(channel));
    const bucket = message === undefined ? undefined : this.#closed.get(message.elements.length);
    if (message !== undefined && bucket !== undefined) {
      bucket.sorted ??= inOrder(bucket.all);
      const likely = inOrder(this.#narrowest(bucket, message.elements.map(headsInside)));
      for (const signatures of [likely, bucket.sorted]) {
        const some = signatures.slice(0, MAXIMUM_NEAR_EXAMINED);
        take(some.flatMap((signature) => signature.inOrder().find(({ contract }) => where(contract)) ?? []));
      }
    }
    const seen = new Set<string>();
    const found: { readonly match: QueryMatch; readonly failed: number }[] = [];
    for (const member of members) {
      if (seen.has(member.id)) continue;
      seen.add(member.id);
      const aspects = judge(member.contract, query);
      const failed = aspects.filter(({ verdict }) => verdict === 'no').length;
      if (failed > 0 && failed <= 2) found.push({ match: { ...member, verdict: 'no', aspects }, failed });
    }
    found.sort((left, right) => left.failed - right.failed || compareContracts(left.match, right.match));
    return found.slice(0, limit).map(({ match }) => match);
  }
}

function inOrder(signatures: Iterable<Signature>): readonly Signature[] {
  return [...new Set(signatures)].sort((left, right) => (left.key < right.key ? -1 : 1));
}

interface Judged {
  readonly verdict: Aspect['verdict'];
  /** Number of patterns that accept everything, so that narrower contracts go first. */
  readonly width: number;
}

interface Found extends Judged {
  readonly member: IndexedContract;
}

/** One search of an index. */
class Query {
  readonly #query: ContractQuery;
  readonly #limit: number;
  readonly #allowance: Allowance;
  readonly #where: (contract: ContractInterface) => boolean;
  readonly #judged = new Map<Signature, Judged>();
  readonly #found: Found[] = [];

  constructor(
    query: ContractQuery,
    limit: number,
    allowance: Allowance,
    where: (contract: ContractInterface) => boolean,
  ) {
    this.#where = where;
    this.#query = query;
    this.#limit = limit;
    this.#allowance = allowance;
  }

  /** What all contracts of a signature share. */
  #shared(signature: Signature): Judged {
    let judged = this.#judged.get(signature);
    if (judged === undefined) {
      const { like } = signature;
      const width = signature.heads.filter((head) => head === EVERYTHING).length;
      this.#judged.set(signature, (judged = { verdict: sharedVerdict(like, this.#query), width }));
    }
    return judged;
  }

  #take(member: IndexedContract, { verdict: shared, width }: Judged): Aspect['verdict'] {
    if (!this.#where(member.contract)) return 'no';
    const verdict = worst([{ verdict: shared }, { verdict: ownVerdict(member.contract, this.#query) }]);
    if (verdict !== 'no') this.#found.push({ member, verdict, width });
    return verdict;
  }

  /** Looks at one contract. @returns false if no more may be looked at. */
  member({ member, signature }: { readonly member: IndexedContract; readonly signature: Signature }): boolean {
    if (!this.#allowance.take()) return false;
    const shared = this.#shared(signature);
    if (shared.verdict !== 'no') this.#take(member, shared);
    return true;
  }

  /** Looks at a signature and the best of its contracts. @returns false if no more may be looked at. */
  signature(signature: Signature): boolean {
    if (!this.#allowance.take()) return false;
    const shared = this.#shared(signature);
    if (shared.verdict === 'no') return true;
    // They stand best first and none is better than what they share, so once as many are as good, all others come after them.
    let asGood = 0;
    for (const member of signature.inOrder()) {
      if (asGood >= this.#limit) break;
      if (!this.#allowance.take()) return false;
      if (this.#take(member, shared) === shared.verdict) asGood += 1;
    }
    return true;
  }

  best(): readonly QueryMatch[] {
    const rank = ({ verdict }: Judged): number => (verdict === 'yes' ? 0 : 1);
    this.#found.sort(
      (left, right) =>
        rank(left) - rank(right) || left.width - right.width || compareContracts(left.member, right.member),
    );
    return this.#found.slice(0, this.#limit).map(({ member, verdict }) => {
      return { ...member, verdict, aspects: judge(member.contract, this.#query) };
    });
  }
}
