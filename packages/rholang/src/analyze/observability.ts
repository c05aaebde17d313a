import { MAXIMUM_VALUE_SIZE } from '../evaluate/evaluate.ts';
import { FlowBudgetExhausted, Flow } from './flow.ts';
import { graphOf, type ReceiveNode, type SendNode } from './graph.ts';
import { Multiplicity } from './multiplicity.ts';
import { placeFields, type PlaceFields } from './place.ts';
import { systemArities, type AnalysisOptions } from './demand.ts';
import type { Bind, Term } from '../term/term.ts';

/** Closed set of why an output is refused. */
export type RefusalReason =
  /** No receive that can run is on the private name of the send, and nobody else can know that name. */
  | 'unobserved-output'
  /** The same, and the send is repeated without bound. */
  | 'repeated-output'
  /** There are receives on the name, but none takes a message with these parts. */
  | 'mismatched-output'
  /** The system process takes another number of arguments, and nobody else can receive on its name. */
  | 'system-arity';

/** Closed set of what is not decided, or allowed but likely a mistake. */
export type WarningReason =
  /** Whether a receive takes the message depends on values or a guard. */
  | 'maybe-unobserved'
  /** A loop sends without bound where the program itself has no repeated receive. */
  | 'unbounded-output'
  /** The analysis took more steps than it may; nothing was decided. */
  | 'analysis-limit';

/** A finding at its place, in the form that `renderDiagnostic` takes. */
export interface Finding<Reason> extends PlaceFields {
  readonly reason: Reason;
  readonly severity: 'error' | 'warning';
  readonly expected: readonly string[];
  /** One sentence, without the place. */
  readonly message: string;
  readonly hint: string | undefined;
}

/** What the program does that cannot, or may not, be observed. A program with `refused` must not be deployed. */
export interface ObservabilityResult {
  readonly ok: boolean;
  /** In the order of the source. */
  readonly refused: readonly Finding<RefusalReason>[];
  /** In the order of the source. */
  readonly warnings: readonly Finding<WarningReason>[];
}

type Verdict =
  | { readonly kind: 'observed' }
  | { readonly kind: 'refused'; readonly reason: RefusalReason }
  | { readonly kind: 'warned'; readonly reason: WarningReason };

const MESSAGES: Readonly<Record<RefusalReason | WarningReason, readonly [message: string, hint: string | undefined]>> =
  {
    'unobserved-output': [
      'output: expected a receive that can observe it, got none: the name is private and no receive on it can run',
      'receive on the name, or hand it to somebody who does',
    ],
    'repeated-output': [
      'output: expected a receive, got none for an output that is repeated without bound on a private name',
      'receive on the name, or end the loop',
    ],
    'mismatched-output': [
      'output: expected a receive that takes these parts, got only receives on the private name that match other messages',
      'compare the number and the patterns of the parts with those of the receives',
    ],
    'system-arity': [
      'output: expected the number of arguments that the system process takes, got another, which nothing ever reads',
      undefined,
    ],
    'maybe-unobserved': [
      'output: whether a receive takes this message depends on values that are not known here',
      undefined,
    ],
    'unbounded-output': [
      'output: a loop sends here without bound, and no repeated receive of the program takes the messages',
      'receive with `<=` or a contract, or end the loop',
    ],
    'analysis-limit': ['observability: the program is too large to analyse, so nothing was decided', undefined],
  };

class Observer {
  readonly #flow: Flow;
  readonly #arities: ReadonlyMap<string, readonly number[]>;
  readonly #multiplicity: Multiplicity;
  /** Best fit of each send with a receive that can fire, and whether a repeated receive takes it. */
  readonly #met = new Map<SendNode, { certain: boolean; repeated: boolean }>();
  /** Binds of all receives that may wait, by name. */
  readonly #heard = new Map<number, Bind[]>();
  #openRepeated = false;

  constructor(flow: Flow, arities: ReadonlyMap<string, readonly number[]>) {
    this.#flow = flow;
    this.#arities = arities;
    this.#multiplicity = new Multiplicity(flow);
    for (const receive of flow.receives) this.#listen(receive);
    for (const { binds } of flow.waiting) {
      for (const { channel, bind } of binds) {
        for (const name of flow.resolve(channel)) {
          const heard = this.#heard.get(name);
          if (heard === undefined) this.#heard.set(name, [bind]);
          else heard.push(bind);
        }
      }
    }
  }

  #listen(receive: ReceiveNode): void {
    const { persistent, guard } = receive.term;
    for (const { channel, bind } of receive.binds) {
      const channels = this.#flow.resolve(channel);
      if (persistent && this.#flow.isPublic(channels)) this.#openRepeated = true;
      for (const { node, fit } of this.#flow.sendsTo(channels, bind)) {
        const before = this.#met.get(node);
        const certain = (before?.certain ?? false) || (fit === 'always' && guard === undefined);
        this.#met.set(node, { certain, repeated: (before?.repeated ?? false) || persistent });
      }
    }
  }

  verdict(send: SendNode): Verdict {
    const channels = this.#flow.resolve(send.channel);
    const met = this.#met.get(send);
    const multiplicity = this.#multiplicity.of(send.owner);
    const looping = !multiplicity.bounded && multiplicity.reason === 'recursion';
    const uris = [...channels].map((name) => (name < 0 ? undefined : this.#flow.uriOf(name)));
    if (uris.some((uri) => uri !== undefined && this.#arities.get(uri)?.includes(send.data.length) === true))
      return { kind: 'observed' };
    const onlySystem = uris.every((uri) => uri !== undefined);
    if (onlySystem && channels.size > 0) return { kind: 'refused', reason: 'system-arity' };
    const open = this.#flow.isPublic(channels);
    if (!open && met === undefined) {
      if (channels.size === 0) return { kind: 'observed' };
      if (!multiplicity.bounded) return { kind: 'refused', reason: 'repeated-output' };
      const heard = [...channels].flatMap((name) => this.#heard.get(name) ?? []);
      const mismatched = heard.length > 0 && heard.every((bind) => this.#flow.fit(send.term, bind) === 'never');
      return { kind: 'refused', reason: mismatched ? 'mismatched-output' : 'unobserved-output' };
    }
    if (looping && met?.repeated !== true && !(open && this.#openRepeated))
      return { kind: 'warned', reason: 'unbounded-output' };
    if (!open && met?.certain !== true) return { kind: 'warned', reason: 'maybe-unobserved' };
    return { kind: 'observed' };
  }
}

/**
 * Finds outputs that nothing can ever observe.
 *
 * An output is observed if a receive can take it: one of the program, of a system process, or of any other program that can know the name. Refused is only
 * what no program beside this one could observe, in any run. A name is private as long as it was made by `new` and never gets outside: it is public
 * if it can be written down, is sent on a public name or to a system process, is part of a compound name, or stands in a process that is sent as
 * data. What depends on values is a warning.
 *
 * @param term - a closed program in normal form.
 * @example
 * ```ts
 * import { checkObservability, normalize, parse } from '@commute/rholang';
 * const source = 'new a in { a!(1) }';
 * const tree = parse(source);
 * const normal = tree.ok ? normalize(tree.process, { source }) : undefined;
 * if (!normal?.ok) throw new Error('not a program');
 * const result = checkObservability(normal.term, { source, locations: normal.locations });
 * if (result.refused[0]?.reason !== 'unobserved-output' || result.refused[0].column !== 12) throw new Error('accepted');
 * ```
 */
export function checkObservability(term: Term, options: AnalysisOptions = {}): ObservabilityResult {
  const refused: Finding<RefusalReason>[] = [];
  const warnings: Finding<WarningReason>[] = [];
  const arities = systemArities(options);
  try {
    if (term.size > MAXIMUM_VALUE_SIZE) throw new FlowBudgetExhausted();
    const flow = new Flow(graphOf(term, options.locations), new Set(arities.keys()));
    const observer = new Observer(flow, arities);
    for (const send of flow.sends) {
      // A send without a place comes from desugaring, which pairs it with its receive or answers whoever asks for it.
      if (options.locations !== undefined && send.place === undefined) continue;
      const verdict = observer.verdict(send);
      if (verdict.kind === 'observed') continue;
      const place = placeFields(send.place, options);
      const [message, hint] = MESSAGES[verdict.reason];
      if (verdict.kind === 'refused') {
        refused.push({ reason: verdict.reason, severity: 'error', ...place, expected: [], message, hint });
      } else warnings.push({ reason: verdict.reason, severity: 'warning', ...place, expected: [], message, hint });
    }
  } catch (error) {
    if (!(error instanceof FlowBudgetExhausted)) throw error;
    const [message, hint] = MESSAGES['analysis-limit'];
    const place = placeFields(undefined, options);
    return {
      ok: true,
      refused: [],
      warnings: [{ reason: 'analysis-limit', severity: 'warning', ...place, expected: [], message, hint }],
    };
  }
  const inOrder = (left: PlaceFields, right: PlaceFields): number => left.start - right.start || left.end - right.end;
  refused.sort(inOrder);
  warnings.sort(inOrder);
  return { ok: refused.length === 0, refused, warnings };
}
