import {
  boundTerm,
  checkObservability,
  equalTerms,
  newTerm,
  parTerm,
  printTerm,
  TermDepthError,
  type Finding,
  type Located,
  type PlaceFields,
  type RefusalReason,
  type Term,
} from '@commute/rholang';
import { interfaceOf, readProgram, type ReadResult } from '../contract/extract.ts';
import type { ProgramInterface, RequiredCall } from '../contract/interface.ts';
import { DiscoveryArgumentError } from '../errors.ts';
import { brief } from '../index/judge.ts';
import { connectionsOf, type Connection } from './connect.ts';
import { renameChannels, usesOf } from './rename.ts';
import { Wiring, type SharedChannel, type Wire } from './wiring.ts';

/** A program that becomes a part of a composite. */
export interface ContractPart {
  /** What wires call it; one of its own. */
  readonly name: string;
  readonly source: string;
  /** Name of the source in findings; the name of the part if absent. */
  readonly file?: string;
}

/** How parts are put together. */
export interface ComposeOptions {
  /** Without wires, channels of equal name are one. */
  readonly wires?: readonly Wire[];
  /** Public names that stay public though several parts use them. */
  readonly expose?: readonly Term[];
  /** Refuses calls of which it is not shown that they are accepted, too. */
  readonly strict?: boolean;
}

/** Closed set of why parts are not put together. */
export type CompositionReason =
  /** A part is no program. */
  | 'invalid-part'
  /** A wire names a part that is not there. */
  | 'unknown-part'
  /** A wire names a channel that the part does not use. */
  | 'unknown-channel'
  /** Two wires begin at one channel. */
  | 'wired-twice'
  /** A channel that becomes private is also used as data, where it keeps its name. */
  | 'channel-as-data'
  /** No message of a call is accepted by what stands on its channel. */
  | 'call-not-accepted'
  /** No answer that there may be is taken by the caller. */
  | 'answer-not-accepted'
  /** Something is sent on a private channel on which no part receives. */
  | 'no-receiver'
  /** It is not shown that all messages of a call are accepted, and that was asked for. */
  | 'call-not-proved'
  /** The composite sends what nothing can observe. */
  | 'unobservable'
  /** The composite is nested too deeply. */
  | 'nesting-limit';

/** Why parts are not put together, at its place if it has one. */
export interface CompositionProblem {
  readonly reason: CompositionReason;
  /** One sentence. */
  readonly message: string;
  /** Name of the part that it is about. */
  readonly part: string | undefined;
  readonly place: PlaceFields | undefined;
  /** A message that is not accepted. */
  readonly witness: Term | undefined;
}

/** A part that was read. */
export interface LoadedPart extends ContractPart {
  readonly file: string;
  readonly term: Term;
  readonly locations: ReadonlyMap<Term, Located>;
  readonly interface: ProgramInterface;
}

/** Parts put together, before it is checked how they get on. */
export interface Composite {
  readonly ok: true;
  /** One closed program. */
  readonly term: Term;
  /** The program as text that reads as the same term again; `undefined` if a part holds bytes, which have no literal. */
  readonly source: string | undefined;
  readonly channels: readonly SharedChannel[];
  /** How each call on a channel of the composite stands to what is there. */
  readonly connections: readonly Connection[];
  /** Calls that leave the composite. */
  readonly open: readonly (RequiredCall & { readonly part: string })[];
  /** What the composite offers and needs. */
  readonly interface: ProgramInterface;
  readonly parts: readonly LoadedPart[];
  /** Places in the parts: the number of the part and the range there. */
  readonly locations: ReadonlyMap<Term, Located & { readonly part: number }>;
}

/** Why there is no composite. */
export interface RefusedComposite {
  readonly ok: false;
  /** At least one. */
  readonly problems: readonly CompositionProblem[];
  readonly connections: readonly Connection[];
}

function problem(
  reason: CompositionReason,
  message: string,
  more: Partial<Pick<CompositionProblem, 'part' | 'place' | 'witness'>> = {},
): CompositionProblem {
  return { reason, message, part: more.part, place: more.place, witness: more.witness };
}

function loadParts(parts: readonly ContractPart[], problems: CompositionProblem[]): LoadedPart[] {
  return parts.flatMap((part) => {
    const file = part.file ?? part.name;
    const program: ReadResult = readProgram(part.source, file);
    if (program.ok) {
      const { term, locations } = program;
      return [
        { ...part, file, term, locations, interface: interfaceOf(term, { source: part.source, file, locations }) },
      ];
    }
    for (const { message, line, column, start, end, found } of program.diagnostics)
      problems.push(
        problem('invalid-part', message, { part: part.name, place: { file, line, column, start, end, found } }),
      );
    return [];
  });
}

/** Puts the parts under the names of the channels that become private. */
class Assembly {
  readonly locations = new Map<Term, Located & { readonly part: number }>();
  readonly #parts: readonly LoadedPart[];
  readonly #wiring: Wiring;
  /** Number of each private channel among all private ones. */
  readonly #hidden = new Map<number, number>();

  constructor(parts: readonly LoadedPart[], wiring: Wiring) {
    this.#parts = parts;
    this.#wiring = wiring;
    wiring.channels.forEach(({ hidden }, number) => {
      if (hidden) this.#hidden.set(number, this.#hidden.size);
    });
  }

  term(): Term {
    const bodies = this.#parts.map((part, index) => this.#renamed(part, index));
    const count = this.#hidden.size;
    return count === 0 ? parTerm(bodies) : newTerm(count, [], parTerm(bodies));
  }

  #renamed({ name, term, locations }: LoadedPart, part: number): Term {
    const count = this.#hidden.size;
    return renameChannels(
      term,
      0,
      (key, depth) => {
        const number = this.#wiring.numberOf(name, key);
        if (number === undefined) return undefined;
        const hidden = this.#hidden.get(number);
        return hidden === undefined ? this.#wiring.channels[number]!.name : boundTerm(depth + count - 1 - hidden);
      },
      (original, copy) => {
        const place = locations.get(original);
        if (place !== undefined) this.locations.set(copy, { start: place.start, end: place.end, part });
      },
    );
  }
}

function dataProblems(parts: readonly LoadedPart[], wiring: Wiring): CompositionProblem[] {
  return parts.flatMap(({ name, term }) => {
    const { channels, values } = usesOf(term);
    return [...channels].flatMap(([key, channel]) => {
      const number = wiring.numberOf(name, key);
      if (number === undefined || !wiring.channels[number]!.hidden || !values.has(key)) return [];
      const message = `composition: expected @${brief(channel)} to be a channel alone, got it as data too, where it would keep its name`;
      return [problem('channel-as-data', message, { part: name })];
    });
  });
}

function connectionProblems(connections: readonly Connection[], strict: boolean): CompositionProblem[] {
  return connections.flatMap(({ part, channel, place, accepted, answers, witness, receivers }) => {
    const more = { part, place, witness };
    const name = `@${brief(channel)}`;
    if (receivers.length === 0)
      return [problem('no-receiver', `composition: expected a part that receives on ${name}, got none`, more)];
    if (accepted === 'no')
      return [
        problem(
          'call-not-accepted',
          `composition: expected messages that are accepted on ${name}, got a call of which none is`,
          more,
        ),
      ];
    if (answers === 'no')
      return [
        problem(
          'answer-not-accepted',
          `composition: expected answers of ${name} that the caller takes, got none that it takes`,
          more,
        ),
      ];
    return strict && accepted === 'unknown'
      ? [problem('call-not-proved', `composition: expected proof that ${name} accepts the call, got none`, more)]
      : [];
  });
}

function observability(composite: Term, assembly: Assembly, parts: readonly LoadedPart[]): CompositionProblem[] {
  const { refused } = checkObservability(composite, { locations: assembly.locations });
  return refused.map(({ message, start, end }: Finding<RefusalReason>) => {
    const found = [...assembly.locations.values()].find((one) => one.start === start && one.end === end);
    const part = found === undefined ? undefined : parts[found.part];
    return problem('unobservable', message, { part: part?.name });
  });
}

/**
 * Puts programs together into one: joins channels of equal name, or as wires say, makes those that several parts share private to the composite, and shows for
 * each call whether what stands on its channel accepts it.
 *
 * A call is refused if no message that it may send is accepted; `strict` refuses those too of which not all are shown to be. How the parts get on once
 * they run is another question: {@link checkComposite}.
 *
 * @throws DiscoveryArgumentError if there are no parts, or two have one name.
 * @example
 * ```ts
 * import { composeContracts } from '@commute/rho-discovery';
 * const composite = composeContracts([
 *   { name: 'math', source: 'contract @"add"(@{x /\\ Int}, @{y /\\ Int}, r) = { r!(x + y) }' },
 *   { name: 'twice', source: 'contract @"twice"(@{x /\\ Int}, r) = { @"add"!(x, x, *r) }' },
 * ]);
 * if (!composite.ok || composite.interface.contracts.filter(({ channel }) => channel.kind === 'public').length !== 1)
 *   throw new Error('refused');
 * ```
 */
export function composeContracts(
  parts: readonly ContractPart[],
  options: ComposeOptions = {},
): Composite | RefusedComposite {
  if (parts.length === 0) throw new DiscoveryArgumentError('parts', 'at least one', 'none');
  const names = parts.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new DiscoveryArgumentError('parts', 'names that differ', `${twice} twice`);
  const problems: CompositionProblem[] = [];
  const loaded = loadParts(parts, problems);
  if (problems.length > 0) return { ok: false, problems, connections: [] };
  const uses = loaded.map(({ name, term }) => ({ name, uses: usesOf(term) }));
  const wiring = new Wiring(uses, options.wires ?? [], options.expose ?? []);
  for (const { reason, channel } of wiring.problems) {
    const message = `wire: expected a channel of a part, got ${channel.part}:@${brief(channel.channel)} (${reason})`;
    problems.push(problem(reason, message, { part: channel.part }));
  }
  if (problems.length > 0) return { ok: false, problems, connections: [] };
  const { connections, open } = connectionsOf(loaded, wiring);
  problems.push(...dataProblems(loaded, wiring), ...connectionProblems(connections, options.strict ?? false));
  if (problems.length > 0) return { ok: false, problems, connections };
  const assembly = new Assembly(loaded, wiring);
  let term: Term;
  try {
    term = assembly.term();
  } catch (error) {
    if (!(error instanceof TermDepthError)) throw error;
    return { ok: false, problems: [problem('nesting-limit', error.message)], connections };
  }
  problems.push(...observability(term, assembly, loaded));
  if (problems.length > 0) return { ok: false, problems, connections };
  const { channels } = wiring;
  return {
    ok: true,
    term,
    source: printed(term),
    channels,
    connections,
    open,
    interface: interfaceOf(term),
    parts: loaded,
    locations: assembly.locations,
  };
}

/** The text of a program, if it reads as the same program. */
function printed(term: Term): string | undefined {
  const text = printTerm(term, { indent: 2 });
  const again = readProgram(text, 'composite');
  return again.ok && equalTerms(again.term, term) ? text : undefined;
}
