import { MAXIMUM_VALUE_SIZE } from '../evaluate/evaluate.ts';
import { systemArities, type AnalysisOptions } from '../analyze/demand.ts';
import type { Located } from '../syntax/tree.ts';
import {
  boundTerm,
  bundleTerm,
  freeTerm,
  newTerm,
  parTerm,
  sendTerm,
  TermDepthError,
  wildcardTerm,
} from '../term/build.ts';
import { forEachPart, mapParts } from '../term/parts.ts';
import type { Term } from '../term/term.ts';
import { receiveTerm } from '../term/transform.ts';
import { Gates, GATE_VARIABLES } from './gate.ts';
import { TokenError } from './token.ts';

/** What metering may be told. */
export interface MeterOptions extends Pick<AnalysisOptions, 'locations' | 'systemProcesses'> {
  /** Where the tokens of the deploy wait: a closed name that the program cannot know, such as that of `tokenChannel`. */
  readonly channel: Term;
}

/** A metered program with the places of its sends and receives, or why there is none. */
export type MeterResult =
  | { readonly ok: true; readonly term: Term; readonly locations: ReadonlyMap<Term, Located> }
  | { readonly ok: false; readonly reason: 'nesting-limit' | 'size-limit'; readonly message: string };

/** What a variable of the program becomes. */
interface Place {
  /** Number of variables bound outside it. */
  readonly level: number;
  /** True if it is the private name that stands for a system process. */
  readonly relayed: boolean;
}

/** Collects the URIs that `new` binds anywhere in a term. */
function collectUris(term: Term, into: Set<string>): void {
  if (term.kind === 'new') for (const uri of term.uris) into.add(uri);
  forEachPart(term, (part) => {
    collectUris(part, into);
  });
}

/** Gates of patterns: a process matches whoever wrote it, and so whatever channel it pays from. */
const ANY_GATES = new Gates(wildcardTerm());

class Meter {
  readonly locations = new Map<Term, Located>();
  readonly #gates: Gates;
  readonly #sources: ReadonlyMap<Term, Located> | undefined;
  /** Level of the private name that stands for each system process. */
  readonly #relays: ReadonlyMap<string, number>;

  constructor(gates: Gates, sources: ReadonlyMap<Term, Located> | undefined, relays: ReadonlyMap<string, number>) {
    this.#gates = gates;
    this.#sources = sources;
    this.#relays = relays;
  }

  /**
   * Puts gates into a term, quoted processes and patterns included, so that equal processes stay equal and patterns match what they matched.
   *
   * @param places - of the variables in scope.
   * @param depth - number of variables in scope in the result.
   * @param gates - what to put; other ones in patterns.
   */
  term(term: Term, places: readonly Place[], depth: number, gates: Gates = this.#gates): Term {
    switch (term.kind) {
      case 'bound': {
        const { level, relayed } = places[places.length - 1 - term.index]!;
        const variable = boundTerm(depth - 1 - level);
        return relayed ? bundleTerm(false, true, variable) : variable;
      }
      case 'new': {
        const inner = this.#under(places, depth, term.fresh);
        term.uris.forEach((uri, index) => {
          const relay = this.#relays.get(uri);
          if (relay === undefined) inner.push({ level: depth + term.fresh + index, relayed: false });
          else inner.push({ level: relay, relayed: true });
        });
        const body = this.term(term.body, inner, depth + term.fresh + term.uris.length, gates);
        return this.#placed(newTerm(term.fresh, term.uris, body), term);
      }
      default: {
        const metered = mapParts(term, (part, binders, place) => {
          const inner = binders === 0 ? places : this.#under(places, depth, binders);
          if (place === 'pattern') return this.term(part, inner, depth + binders, ANY_GATES);
          if (term.kind !== 'receive' || place !== 'body') return this.term(part, inner, depth + binders, gates);
          const body = gates.before(this.term(part, inner, depth + binders + GATE_VARIABLES, gates));
          return this.#placed(body, term);
        });
        return this.#placed(metered, term);
      }
    }
  }

  #under(places: readonly Place[], depth: number, variables: number): Place[] {
    const inner = [...places];
    for (let index = 0; index < variables; index += 1) inner.push({ level: depth + index, relayed: false });
    return inner;
  }

  #placed<T extends Term>(result: T, term: Term): T {
    const location = this.#sources?.get(term);
    if (location !== undefined) this.locations.set(result, location);
    return result;
  }
}

/** A repeated receive on the private name at `relay` that passes a gate and then sends on to the system process at `system`. */
function relayTerm(gates: Gates, relay: number, system: number, arity: number, depth: number): Term {
  const patterns = Array.from({ length: arity }, (_, index) => freeTerm(index));
  const bind = { channel: boundTerm(depth - 1 - relay), patterns, remainder: undefined, variables: arity, peek: false };
  const inner = depth + arity + GATE_VARIABLES;
  const data = patterns.map((_, index) => boundTerm(inner - 1 - (depth + index)));
  return receiveTerm([bind], gates.before(sendTerm(boundTerm(inner - 1 - system), data)), true);
}

/**
 * Injects metering into a program: what a receive leads to waits at a gate, which takes one token from the token channel of the deploy.
 *
 * The result is a program like any other: the reducer and the tuple space know nothing of cost. Each reduction of the given program costs one
 * token, also those with system processes, which are reached through private names. Without tokens the gates wait, and go on when tokens
 * arrive. Quoted processes are metered too, with the same channel.
 *
 * @param term - a closed program in normal form.
 * @throws TokenError if `channel` is open or a pattern, or `term` is.
 * @example
 * ```ts
 * import { createRuntime, meterProgram, normalize, parse, tokenChannel, tokenStack } from '@commute/rholang';
 * const tree = parse('new out(`rho:io:stdout`), a in { a!(1) | for (@x <- a) { out!(x) } }');
 * const normal = tree.ok ? normalize(tree.process) : undefined;
 * if (!normal?.ok) throw new Error('not a program');
 * const channel = tokenChannel(new Uint8Array([1]));
 * const metered = meterProgram(normal.term, { channel });
 * if (!metered.ok) throw new Error(metered.message);
 * const runtime = createRuntime();
 * const stopped = runtime.run(metered.term, { seed: new Uint8Array([1]) });
 * const resumed = runtime.run(tokenStack(channel, 2n), { seed: new Uint8Array([2]) });
 * if (stopped.output.length !== 0 || resumed.output[0]?.text !== '1') throw new Error('unexpected output');
 * ```
 * Source: G. Meredith, Cost-Accounted Rho Calculus (2026), appendix "Source-to-Source Translation to Pure Rho Calculus", with one signature.
 */
export function meterProgram(term: Term, options: MeterOptions): MeterResult {
  const { channel } = options;
  if (channel.scope > 0 || channel.isPattern)
    throw new TokenError('channel', 'a closed name', 'an open term or a pattern');
  if (term.scope > 0 || term.isPattern) throw new TokenError('term', 'a closed process', 'an open term or a pattern');
  if (term.size > MAXIMUM_VALUE_SIZE) {
    const message = `size of a program: expected at most ${String(MAXIMUM_VALUE_SIZE)} nodes, got more`;
    return { ok: false, reason: 'size-limit', message };
  }
  const arities = systemArities(options);
  const used = new Set<string>();
  collectUris(term, used);
  const uris = [...used].filter((uri) => arities.has(uri)).sort();
  const gates = new Gates(channel);
  const meter = new Meter(gates, options.locations, new Map(uris.map((uri, index) => [uri, index] as const)));
  const depth = 2 * uris.length;
  try {
    const program = meter.term(term, [], depth);
    if (uris.length === 0) return { ok: true, term: program, locations: meter.locations };
    const relays = uris.flatMap((uri, index) =>
      arities.get(uri)!.map((arity) => relayTerm(gates, index, uris.length + index, arity, depth)),
    );
    return { ok: true, term: newTerm(uris.length, uris, parTerm([...relays, program])), locations: meter.locations };
  } catch (error) {
    if (error instanceof TermDepthError) return { ok: false, reason: 'nesting-limit', message: error.message };
    throw error;
  }
}
