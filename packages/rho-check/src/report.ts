import type {
  BlockData,
  DeployData,
  Diagnostic,
  Located,
  NormalizeDiagnostic,
  PlaceFields,
  SystemProcess,
  Term,
} from '@commute/rholang';

/** One of several programs that run side by side. */
export type ProgramPart =
  | {
      readonly source: string;
      /** Name of the source in findings; `<source>` if absent. */
      readonly file?: string;
    }
  | {
      /** A closed term. */
      readonly term: Term;
      /** Where its processes stand in `source`, as `normalize` gives it. */
      readonly locations?: ReadonlyMap<Term, Located>;
      readonly source?: string;
      readonly file?: string;
    };

/** What is checked: source text, a closed term, or several of them side by side. */
export type Program = string | Term | readonly ProgramPart[];

/** The checks that need no property. */
export const CHECK_NAMES = [
  'failure',
  'deadlock',
  'stuck-receive',
  'unobserved-output',
  'leak',
  'race',
  'cost',
] as const;

/** The name of a check that needs no property. */
export type CheckName = (typeof CHECK_NAMES)[number];

/** The checks that are made unless the caller says otherwise: what they find is wrong in nearly every program. */
export const DEFAULT_CHECKS: readonly CheckName[] = ['failure', 'deadlock', 'stuck-receive', 'unobserved-output'];

/** How far the exploration may go. */
export interface Bounds {
  /** Most states; 100,000 if absent. */
  readonly states?: number;
  /** Most transitions of a schedule; no bound if absent. */
  readonly depth?: number;
  /** Most memory that states, transitions and terms may take, in bytes, as the checker counts them; 512 MiB if absent. */
  readonly bytes?: number;
  /** Most time, in milliseconds; no bound if absent. Verdicts with it are not the same on every machine. */
  readonly milliseconds?: number;
}

/** Closed set of why the exploration is not complete. */
export type BoundName =
  | 'states'
  | 'depth'
  | 'bytes'
  | 'milliseconds'
  /** The signal was given. */
  | 'aborted'
  /** The search for matches took more steps than it may. */
  | 'match-budget'
  /** One transition would carry out, or one state offer, too many reductions, or terms get too deep to be stored. */
  | 'steps'
  /** The program looks into the bytes or the order of unforgeable names, which the checker takes for equal. */
  | 'names-observed'
  /** The program receives on the name of a system process. */
  | 'system-receive'
  /** There is no static bound to compare with. */
  | 'no-static-bound'
  /** A trace was found that the checker could not carry over to the names of a run. */
  | 'symmetry';

/** How far the exploration is. */
export interface CheckProgress {
  readonly states: number;
  readonly transitions: number;
  /** States whose transitions are not known yet. */
  readonly waiting: number;
  /** Length of the shortest schedule to the state that is looked at. */
  readonly depth: number;
}

/** What the checker may be told. */
export interface CheckOptions {
  /** {@link DEFAULT_CHECKS} if absent. */
  readonly checks?: readonly CheckName[];
  /** Properties; the README has their grammar. At most 15. */
  readonly properties?: readonly string[];
  /**
   * Messages that may arrive from outside at any time and any number of times, as sends: `@"in"!(1)`. `_` in one stands for a value that
   * nobody else knows, `Bool` for both truth values. With an environment, a receive on a public name does not count as stuck.
   */
  readonly environment?: readonly string[];
  /** Variables of `new` in the program whose names must stay private, for `leak`; all of them if absent. */
  readonly secrets?: readonly string[];
  /** The most reductions that `cost` allows; the static bound of the program if absent. */
  readonly maximumComms?: bigint;
  /**
   * What schedules `eventually` and `leads to` speak of. `none`: all. `strong`: those in which a reduction that is possible again and again is
   * carried out again and again. `none` if absent.
   */
  readonly fairness?: 'none' | 'strong';
  readonly bounds?: Bounds;
  /** False to explore every order of reductions also where there are no properties; `docs/reduction.md` has what is left out. True if absent. */
  readonly reduce?: boolean;
  /** Processes of your own; one with the URI of a standard process takes its place. */
  readonly systemProcesses?: readonly SystemProcess[];
  /** What `rho:block:data` answers; zeros if absent. */
  readonly block?: BlockData;
  /** What `rho:deploy:data` answers; zeros if absent. */
  readonly deploy?: DeployData;
  readonly signal?: AbortSignal;
  /** Is told about ten times a second how far the exploration is. */
  readonly onProgress?: (progress: CheckProgress) => void;
}

/** A message or receive of a trace, at its place. */
export interface TraceProcess {
  readonly text: string;
  /** Where it stands in its source; absent for processes of the system, the environment, and desugaring. */
  readonly place: PlaceFields | undefined;
}

/** One message that a reduction uses. */
export interface TraceMessage extends TraceProcess {
  /** The channel, as text. */
  readonly channel: string;
  /** True if the message is gone from its channel. */
  readonly removed: boolean;
  /** Number of the message of the environment in {@link Trace.environment}, if it is one. */
  readonly environment: number | undefined;
  /** What tells the message from all others of the run, in the reducer of `@commute/rholang`. */
  readonly seed: string;
}

/** One reduction. */
export interface TraceStep {
  readonly receive: TraceProcess & {
    /** URI of the system process that receives, if it is one. */
    readonly system: string | undefined;
    readonly seed: string;
  };
  /** In the order of the binds. */
  readonly messages: readonly TraceMessage[];
  /** Values of the variables of the binds, in order. */
  readonly bindings: readonly Term[];
}

/** A schedule, in the form that {@link replayTrace} carries out. */
export interface Trace {
  readonly steps: readonly TraceStep[];
  /** The schedule repeats its steps from this one on for ever, up to the names that are fresh each time; absent if it ends. */
  readonly cycle: number | undefined;
  /** Messages of the environment that it uses, in order. */
  readonly environment: readonly Term[];
  /** Closed sends and receives that wait after the steps, sorted. */
  readonly state: readonly Term[];
  /** The same as text with readable names, and where each stands in its source. */
  readonly waiting: readonly TraceProcess[];
  /** Why the run fails after the steps, if it does: in the body of the last of them. */
  readonly failure: string | undefined;
}

/** What a check or a property came to. */
export interface Finding {
  readonly check: CheckName | 'property';
  /** The text of the property. */
  readonly property: string | undefined;
  /** `holds`: in every schedule. `fails`: `trace` shows how. `unknown`: not found out within `bound`. */
  readonly verdict: 'holds' | 'fails' | 'unknown';
  /** One sentence. */
  readonly message: string;
  /** What it is about, in the source. */
  readonly places: readonly PlaceFields[];
  /** The shortest counterexample, or the witness of a `possibly` that holds. */
  readonly trace: Trace | undefined;
  /** Another schedule with another outcome, for `race`. */
  readonly other: Trace | undefined;
  readonly bound: BoundName | undefined;
  /** What to do about it, where there is something to say. */
  readonly hint: string | undefined;
}

/** What was explored. */
export interface GraphSummary {
  /** States that differ in more than the names that `new` made. */
  readonly states: number;
  readonly transitions: number;
  /** Length of the longest of the shortest schedules to the states. */
  readonly depth: number;
  /** Memory of states, transitions and terms, as the checker counts it. */
  readonly bytes: number;
  /** True if every schedule was explored. */
  readonly complete: boolean;
  /** Why not, if not. */
  readonly bound: BoundName | undefined;
  /** States in which nothing can reduce. */
  readonly terminal: number;
}

/** What is wrong with a program, a property or the environment, at its place. */
export type CheckDiagnostic = Omit<Diagnostic | NormalizeDiagnostic, 'reason'> & { readonly reason: string };

/** What the checker came to. */
export type CheckResult =
  | {
      readonly ok: true;
      /** `fails` if a finding fails, else `unknown` if one is unknown, else `holds`. */
      readonly verdict: 'holds' | 'fails' | 'unknown';
      /** One for each check, then one for each property, in the order of the options. */
      readonly findings: readonly Finding[];
      readonly graph: GraphSummary;
    }
  | {
      readonly ok: false;
      readonly reason: 'invalid-program' | 'invalid-property' | 'invalid-environment';
      /** At least one. */
      readonly diagnostics: readonly CheckDiagnostic[];
    };
