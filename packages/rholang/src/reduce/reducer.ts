import { evaluate, MAXIMUM_VALUE_SIZE } from '../evaluate/evaluate.ts';
import { EvaluationFailure } from '../evaluate/failure.ts';
import { matchPattern } from '../match/match.ts';
import type { Located } from '../syntax/tree.ts';
import { unforgeableTerm } from '../term/build.ts';
import type { Bind, MatchTerm, NewTerm, ReceiveTerm, Term } from '../term/term.ts';
import { substitute, substituteUnder, type OnCopy } from '../term/transform.ts';
import { holds } from './join.ts';
import { nameFromSeed, seedBelowNew, splitSeed, type Seed } from './seed.ts';
import type { Consume, Datum } from './space.ts';

/** A process that is to run: `term` under closed values of its bound variables. */
export interface Task {
  readonly term: Term;
  readonly environment: readonly Term[];
  readonly seed: Seed;
}

/** What running a process does to the tuple space. */
export type Action =
  | { readonly kind: 'produce'; readonly channel: Term; readonly datum: Datum }
  | { readonly kind: 'consume'; readonly consume: Consume };

/** An evaluation that failed, at its place. */
export class PlacedFailure extends Error {
  readonly failure: EvaluationFailure;
  readonly place: Located | undefined;

  constructor(failure: EvaluationFailure, place: Located | undefined) {
    super(failure.message);
    this.failure = failure;
    this.place = place;
  }
}

/** What the evaluation of processes needs to know of its surroundings. */
export interface Surroundings {
  /** The name that a URI of `new` is bound to. */
  readonly nameOf: (uri: string) => Term | undefined;
  /** Places of sends and receives in the source. */
  readonly locations: ReadonlyMap<Term, Located> | undefined;
  /** Is told processes in messages that are copied, with their copies. */
  readonly onCopy?: OnCopy;
  /** Is told each `new` that is run, with its names in order. Not all engines call it. */
  readonly onNew?: (term: NewTerm, names: readonly Term[]) => void;
}

/**
 * What processes are evaluated by: the terms themselves, as {@link Evaluator} does, or code made of them.
 *
 * Implementations agree with {@link Evaluator} on every action, seed and failure.
 */
export interface ProcessEvaluator {
  /** Appends what the process does to `actions`, in canonical order. */
  actionsOf(task: Task, actions: Action[]): void;
}

/** Makes the evaluator of one run. */
export type Engine = (surroundings: Surroundings) => ProcessEvaluator;

/** The name itself behind a bundle; fails if the bundle does not allow its use. */
export function usableChannel(channel: Term, right: 'read' | 'write'): Term {
  if (channel.kind !== 'bundle') return channel;
  if (channel[right]) return channel.body;
  const what = right === 'read' ? 'receive from' : 'send to';
  throw new EvaluationFailure('bundle', `bundle: expected a name to ${what}, got one that does not allow it`);
}

/**
 * Evaluates processes down to the messages and receives that they put into the tuple space. Knows nothing of the space itself, so that many
 * processes can be evaluated in any order, or at the same time, with the same outcome.
 */
export class Evaluator implements ProcessEvaluator {
  readonly #surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  /** Appends what the process does to `actions`, in canonical order. */
  actionsOf(task: Task, actions: Action[]): void {
    this.#run(task.term, task.environment, task.seed, actions);
  }

  #run(term: Term, environment: readonly Term[], seed: Seed, actions: Action[]): void {
    switch (term.kind) {
      case 'par':
        for (let index = 0; index < term.parts.length; index += 1) {
          this.#run(term.parts[index]!, environment, splitSeed(seed, index), actions);
        }
        break;
      case 'send':
      case 'receive':
      case 'new':
      case 'match':
        try {
          this.#act(term, environment, seed, actions);
        } catch (error) {
          if (!(error instanceof EvaluationFailure)) throw error;
          throw new PlacedFailure(error, this.#surroundings.locations?.get(term));
        }
        break;
      case 'bundle':
        this.#run(term.body, environment, seed, actions);
        break;
      case 'bound':
        this.#run(environment[environment.length - 1 - term.index]!, [], seed, actions);
        break;
      case 'unary':
      case 'binary':
      case 'method':
        this.#run(evaluate(term, environment), [], seed, actions);
        break;
      default:
        break;
    }
  }

  #act(term: Term, environment: readonly Term[], seed: Seed, actions: Action[]): void {
    switch (term.kind) {
      case 'send': {
        const channel = usableChannel(evaluate(term.channel, environment), 'write');
        const { onCopy } = this.#surroundings;
        const data = term.data.map((datum) => evaluate(datum, environment, onCopy));
        const place = this.#surroundings.locations?.get(term);
        const datum: Datum = { data, persistent: term.persistent, seed, place, order: '' };
        actions.push({ kind: 'produce', channel, datum });
        break;
      }
      case 'receive':
        actions.push({ kind: 'consume', consume: this.#receive(term, environment, seed) });
        break;
      case 'new':
        this.#run(term.body, environment.concat(this.#names(term, seed)), seedBelowNew(seed), actions);
        break;
      case 'match':
        this.#match(term, environment, seed, actions);
        break;
      default:
        break;
    }
  }

  #names(term: NewTerm, seed: Seed): Term[] {
    const names: Term[] = [];
    for (let index = 0; index < term.fresh; index += 1) names.push(unforgeableTerm(nameFromSeed(seed, index)));
    for (const uri of term.uris) {
      const name = this.#surroundings.nameOf(uri);
      if (name === undefined) {
        throw new EvaluationFailure('unknown-uri', `new: expected a URI that is bound to a process, got \`${uri}\``);
      }
      names.push(name);
    }
    this.#surroundings.onNew?.(term, names);
    return names;
  }

  #receive(term: ReceiveTerm, environment: readonly Term[], seed: Seed): Consume {
    const binds = term.binds.map((bind): Bind => {
      const channel = usableChannel(evaluate(bind.channel, environment), 'read');
      const patterns = bind.patterns.every((pattern) => pattern.scope === 0)
        ? bind.patterns
        : bind.patterns.map((pattern) => substitute(pattern, environment));
      return { channel, patterns, remainder: bind.remainder, variables: bind.variables, peek: bind.peek };
    });
    return {
      binds,
      variables: term.variables,
      guard: term.guard && substituteUnder(term.guard, environment, term.variables),
      persistent: term.persistent,
      continuation: { kind: 'process', body: term.body, environment },
      seed,
      place: this.#surroundings.locations?.get(term),
      order: '',
    };
  }

  #match(term: MatchTerm, environment: readonly Term[], seed: Seed, actions: Action[]): void {
    const target = evaluate(term.target, environment);
    for (const { pattern, variables, guard, body } of term.cases) {
      const result = matchPattern(substitute(pattern, environment), target);
      if (!result.ok) {
        if (result.reason === 'no-match') continue;
        throw new EvaluationFailure('match-budget', 'match: the budget of the search is used up');
      }
      const inner = variables === 0 ? environment : environment.concat(result.bindings);
      if (guard !== undefined && !holds(guard, inner)) continue;
      this.#run(body, inner, seed, actions);
      return;
    }
  }
}

/** Fails if a process that a system process returned is too large to run. */
export function checkedProcess(term: Term, uri: string): Term {
  if (term.size <= MAXIMUM_VALUE_SIZE && term.scope === 0) return term;
  throw new EvaluationFailure('system-process', `${uri}: expected a closed process of bounded size`);
}
