import { printTerm, type Term } from '@commute/rholang';
import { channelText, type Aspect, type CheckVerdict, type ContractInterface } from '@commute/rho-discovery';
import { shortened } from './text.ts';

/** Where a contract or a call stands, in JSON. */
export interface ContractPlace {
  readonly file: string;
  /** Counted from one. */
  readonly line: number;
  /** Counted from one, in UTF-16 code units. */
  readonly column: number;
}

/** What a contract sends on a name that it was given, in JSON. */
export interface ReplyReport {
  /** Which part of the message holds the name, from 0. */
  readonly argument: number;
  /** Patterns of the messages, as lists of their parts. */
  readonly messages: readonly string[];
  /** False if others may send on the name too. */
  readonly complete: boolean;
  /** Messages that are sent at once, on every path. */
  readonly least: number;
  /** Most messages; null if there is no bound. */
  readonly most: number | null;
}

/** A contract in JSON. */
export interface ContractReport {
  /** The channel as text. */
  readonly channel: string;
  /** How callers get at the channel. */
  readonly reach: ContractInterface['channel']['kind'];
  /** Pattern of the message, as the list of its parts. */
  readonly message: string;
  readonly arity: number;
  /** True if a remainder takes further parts. */
  readonly open: boolean;
  readonly guarded: boolean;
  readonly joined: boolean;
  readonly replies: readonly ReplyReport[];
  /** Most tokens of one call in the contract itself; null if no bound is known. */
  readonly cost: number | null;
  /** Why no bound is known; null if there is one. */
  readonly unbounded: string | null;
  readonly properties: Readonly<Record<string, CheckVerdict>>;
  /** Hash of the receive in normal form, 0x and 64 hex digits. */
  readonly hash: string;
  readonly place: ContractPlace | null;
}

/** How a contract stands in one respect, in JSON. */
export interface AspectReport {
  readonly aspect: Aspect['aspect'];
  readonly verdict: Aspect['verdict'];
  readonly reason: string;
  /** A message that speaks against it, as Rholang prints it; null if there is none. */
  readonly witness: string | null;
}

const MAXIMUM_PRINTED = 5000;

/** A pattern or a message as text, shortened. */
export function termText(term: Term): string {
  return term.size > MAXIMUM_PRINTED
    ? `… (${term.kind} of ${String(term.size)} nodes)`
    : shortened(printTerm(term).replaceAll(/\s+/g, ' '));
}

/** A place for JSON. */
export function contractPlace(place: ContractPlace | undefined): ContractPlace | null {
  return place === undefined ? null : { file: place.file, line: place.line, column: place.column };
}

/** A contract for JSON. */
export function contractReport(contract: ContractInterface, place: ContractPlace | undefined): ContractReport {
  const { channel, message, arity, guarded, joined, replies, cost, properties, hash } = contract;
  return {
    channel: channelText(channel),
    reach: channel.kind,
    message: termText(message),
    arity,
    open: message.remainder !== undefined,
    guarded,
    joined,
    replies: replies.map(({ argument, messages, complete, least, most }) => ({
      argument,
      messages: messages.map(termText),
      complete,
      least,
      most: Number.isFinite(most) ? most : null,
    })),
    cost: cost.kind === 'bounded' ? Number(cost.tokens) : null,
    unbounded: cost.kind === 'unbounded' ? cost.reason : null,
    properties: Object.fromEntries(properties.map(({ name, verdict }) => [name, verdict])),
    hash: `0x${hash}`,
    place: contractPlace(place),
  };
}

/** Verdicts with their reasons for JSON. */
export function aspectReports(aspects: readonly Aspect[]): readonly AspectReport[] {
  return aspects.map(({ aspect, verdict, reason, witness }) => ({
    aspect,
    verdict,
    reason,
    witness: witness === undefined ? null : termText(witness),
  }));
}
