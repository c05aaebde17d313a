import {
  normalize,
  parse,
  type BindNode,
  type ContractNode,
  type Diagnostic,
  type ListTerm,
  type NameNode,
  type NormalizeDiagnostic,
  type ProcessNode,
  type SendNode,
  type Term,
} from '@commute/rholang';
import { isUniversal, messagePattern } from '../subsume/pattern.ts';

/** What a caller wants of a contract. What is absent does not matter. */
export interface ContractQuery {
  /** Pattern of the channel; of contracts in the registry, of their URI. */
  readonly channel?: Term;
  /** Describes the messages that the caller may send: a contract fits if it accepts all of them. */
  readonly message?: ListTerm;
  /** The answers that the caller takes: a contract fits if it sends no others. */
  readonly replies?: readonly WantedReply[];
  /** Most tokens that one call may take in the contract itself. */
  readonly maximumCost?: bigint;
  /** Names of properties that must hold. */
  readonly properties?: readonly string[];
}

/** The answers that a caller takes on a name that it sends along. */
export interface WantedReply {
  /** Which part of the message the name is, from 0. */
  readonly argument: number;
  /** Each answer must match one of them, as the list of its parts. */
  readonly messages: readonly ListTerm[];
}

/** An error of a query at its place. */
export type QueryDiagnostic = Diagnostic | NormalizeDiagnostic | QueryProblem;

/** An error of a query that is Rholang, but no query. */
export interface QueryProblem extends Omit<Diagnostic, 'reason'> {
  readonly reason: 'no-query';
}

/** A query, or what is wrong with its text. */
export type QueryResult =
  | { readonly ok: true; readonly query: ContractQuery }
  | { readonly ok: false; readonly diagnostics: readonly QueryDiagnostic[] };

const FILE = '<query>';
const NOWHERE: NameNode = { kind: 'quote', process: { kind: 'nil', start: 0, end: 0 }, start: 0, end: 0 };

function problem(node: { start: number; end: number }, source: string, message: string): QueryProblem {
  const { start, end } = node;
  const found = source.slice(start, end);
  return {
    reason: 'no-query',
    file: FILE,
    line: 1,
    column: start + 1,
    start,
    end,
    found,
    expected: [],
    message,
    hint: 'write `contract @"name"(@Int, reply) = { reply!(Int) }`; the body may be left out',
  };
}

type Patterns =
  | { readonly ok: true; readonly message: ListTerm }
  | { readonly ok: false; readonly diagnostics: readonly NormalizeDiagnostic[] };

/** The pattern of a message, from the names that a receive would have. */
function patternsOf(names: readonly NameNode[], remainder: BindNode['remainder'], source: string): Patterns {
  const at = { start: 0, end: 0 };
  const bind: BindNode = {
    kind: 'bind',
    names,
    remainder,
    mode: 'linear',
    source: { kind: 'name-source', name: NOWHERE, ...at },
    ...at,
  };
  const receive: ProcessNode = {
    kind: 'receive',
    receipts: [{ kind: 'receipt', binds: [bind], guard: undefined, ...at }],
    body: { kind: 'nil', ...at },
    ...at,
  };
  const normal = normalize(receive, { file: FILE, source });
  if (!normal.ok) return normal;
  if (normal.term.kind !== 'receive') throw new Error('unreachable: a receive stays one');
  return { ok: true, message: messagePattern(normal.term.binds[0]!) };
}

/** The sends of the body of a query. */
function sendsOf(body: ProcessNode): readonly ProcessNode[] {
  if (body.kind === 'nil' || (body.kind === 'map' && body.entries.length === 0)) return [];
  return body.kind === 'par' ? body.parts.flatMap(sendsOf) : [body];
}

function argumentOf(send: SendNode, formals: readonly NameNode[]): number {
  const { channel } = send;
  if (channel.kind !== 'name-variable') return -1;
  return formals.findIndex((formal) => formal.kind === 'name-variable' && formal.name === channel.name);
}

function readContract(node: ContractNode, source: string): QueryResult {
  const diagnostics: QueryDiagnostic[] = [];
  const read = (names: readonly NameNode[], remainder: BindNode['remainder']): ListTerm | undefined => {
    const result = patternsOf(names, remainder, source);
    if (result.ok) return result.message;
    diagnostics.push(...result.diagnostics);
    return undefined;
  };
  const channel = read([node.name], undefined)?.elements[0];
  const message = read(node.formals, node.remainder);
  const replies = new Map<number, ListTerm[]>();
  for (const send of sendsOf(node.body)) {
    const argument = send.kind === 'send' && !send.persistent ? argumentOf(send, node.formals) : -1;
    if (send.kind !== 'send' || argument === -1) {
      diagnostics.push(problem(send, source, 'query: expected answers on names of the head, got another process'));
      continue;
    }
    const names = send.data.map((process): NameNode => ({
      kind: 'quote',
      process,
      start: process.start,
      end: process.end,
    }));
    const answer = read(names, undefined);
    if (answer !== undefined) replies.set(argument, [...(replies.get(argument) ?? []), answer]);
  }
  if (diagnostics.length > 0 || channel === undefined || message === undefined) return { ok: false, diagnostics };
  const wanted = [...replies].map(([argument, messages]) => ({ argument, messages }));
  return {
    ok: true,
    query: {
      ...(isUniversal(channel) ? {} : { channel }),
      message,
      ...(wanted.length === 0 ? {} : { replies: wanted }),
    },
  };
}

/**
 * Reads a query in the form of a contract: a pattern for its name, patterns for what the caller sends, and in the body the answers that the
 * caller takes, as sends on names of the head. A variable as name or part stands for anything; without a body answers do not matter.
 *
 * @example
 * ```ts
 * import { parseQuery } from '@commute/rho-discovery';
 * const result = parseQuery('contract @"math"(@Int, @Int, reply) = { reply!(Int) }');
 * if (!result.ok || result.query.replies?.[0]?.argument !== 2) throw new Error('not a query');
 * if (parseQuery('@1!(2)').ok) throw new Error('a query');
 * ```
 */
export function parseQuery(text: string): QueryResult {
  let source = text;
  let tree = parse(source, { file: FILE });
  if (!tree.ok) {
    const closed = parse(`${text} = { Nil }`, { file: FILE });
    if (closed.ok && closed.process.kind === 'contract') {
      tree = closed;
      source = `${text} = { Nil }`;
    }
  }
  if (!tree.ok) return { ok: false, diagnostics: tree.diagnostics };
  const { process } = tree;
  if (process.kind === 'contract') return readContract(process, source);
  const message = 'query: expected a contract, got another process';
  return { ok: false, diagnostics: [problem(process, source, message)] };
}
