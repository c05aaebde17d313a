import type { ListTerm, PlaceFields, Term, UnboundedReason } from '@commute/rholang';

/** How callers get at the channel of a contract. */
export type ContractChannel =
  /** A name that anybody can write down, such as `@"math"`. */
  | { readonly kind: 'public'; readonly name: Term }
  /** A name that the registry hands out under a URI; `path` leads to it in what stands there, empty if it is the name itself. */
  | { readonly kind: 'registry'; readonly uri: string; readonly path: readonly string[]; readonly name: Term }
  /** A name that nobody can write down and no URI leads to. */
  | { readonly kind: 'unforgeable'; readonly name: Term }
  /** A name of `new` in the program that was read; `id` tells those of one program apart. */
  | { readonly kind: 'private'; readonly id: number }
  /** A name of `new` that is bound to a URI. */
  | { readonly kind: 'uri'; readonly uri: string }
  /** A name that the program receives. */
  | { readonly kind: 'received' };

/** What a contract sends on a name that it was given. */
export interface Reply {
  /** Which part of the message holds the name, from 0. */
  readonly argument: number;
  /** True if the name is a part of that part. */
  readonly nested: boolean;
  /** Patterns that describe the messages: each message matches one of them, as the list of its parts. */
  readonly messages: readonly ListTerm[];
  /** False if the name is also handed on, so that others may send on it what they like. */
  readonly complete: boolean;
  /** Messages that are sent at once, whatever path is taken: 0 if there may be none, or only after other messages arrived. */
  readonly least: number;
  /** Most messages from one call; `Infinity` if there is no bound. */
  readonly most: number;
}

/** A part of the message that is handed on as it is, in a message on a name that is known. */
export interface PassedName {
  /** Which part of the message of the contract, from 0. */
  readonly argument: number;
  readonly channel: Extract<ContractChannel, { kind: 'public' | 'unforgeable' }>;
  /** Which part of the message on that channel, from 0. */
  readonly position: number;
}

/** How many reductions one call takes at most in the contract itself, the call included; those in what it calls are not counted. */
export type CallCost =
  | { readonly kind: 'bounded'; readonly tokens: bigint }
  | { readonly kind: 'unbounded'; readonly reason: UnboundedReason };

/** What a check came to. */
export type CheckVerdict = 'holds' | 'fails' | 'unknown';

/** A property that was checked. */
export interface CheckedProperty {
  /** Such as `observable-outputs`, `atomic-cells`, or one of a model checker. */
  readonly name: string;
  readonly verdict: CheckVerdict;
}

/** A call that a program makes on a name that it does not make itself. */
export interface RequiredCall {
  /** The channel: a name that anybody can write down, or one that is bound to a URI. */
  readonly channel: Extract<ContractChannel, { kind: 'public' | 'uri' | 'unforgeable' }>;
  /** Describes the messages: each matches it, as the list of its parts. */
  readonly message: ListTerm;
  /** What the caller takes as answers, for each part that is a fresh name on which it receives. */
  readonly answers: readonly ExpectedAnswer[];
  readonly persistent: boolean;
  readonly place: PlaceFields | undefined;
}

/** What the maker of a call takes on a name that it sends along. */
export interface ExpectedAnswer {
  /** Which part of the message the name is, from 0. */
  readonly argument: number;
  /** The patterns of its receives: an answer is taken if it matches one of them. */
  readonly patterns: readonly ListTerm[];
}

/** A contract: a receive that stays, seen from outside. */
export interface ContractInterface {
  readonly channel: ContractChannel;
  /** Pattern of the whole message, as the list of its parts; open if a remainder takes further parts. */
  readonly message: ListTerm;
  /** Number of parts that have a pattern. */
  readonly arity: number;
  /** True if a `where` may turn messages down that the pattern accepts. */
  readonly guarded: boolean;
  /** True if it waits for messages on other channels too. */
  readonly joined: boolean;
  /** True if it only stands there after other messages arrived. */
  readonly dynamic: boolean;
  /** By argument. */
  readonly replies: readonly Reply[];
  /** Parts of the message that are handed on to contracts with known names, which may answer too. */
  readonly passes: readonly PassedName[];
  /** Parts of the message that are, or may hold a name that is, handed on to others in any other way. */
  readonly forwarded: readonly number[];
  readonly cost: CallCost;
  /** Sorted by name. */
  readonly properties: readonly CheckedProperty[];
  /** Hash of the receive in normal form, 64 hex digits. */
  readonly hash: string;
  readonly place: PlaceFields | undefined;
}

/** A receive of one message, on a name that the program does not make itself. */
export interface TakenMessage {
  readonly channel: RequiredCall['channel'];
  /** Pattern of the whole message, as the list of its parts. */
  readonly message: ListTerm;
  readonly place: PlaceFields | undefined;
}

/** What a program offers and needs. */
export interface ProgramInterface {
  /** In the order of the source. */
  readonly contracts: readonly ContractInterface[];
  /** In the order of the source. */
  readonly calls: readonly RequiredCall[];
  /** Receives that do not stay, in the order of the source. */
  readonly takes: readonly TakenMessage[];
}
