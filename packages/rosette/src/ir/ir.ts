import type { FreeTerm, Located, Seed, StrictOperator, Term, WildcardTerm } from '@commute/rholang';

/**
 * The intermediate representation: procedures of statements in which every value is defined once.
 *
 * A procedure is what runs when an actor gets its messages, or the program itself. Control only branches and never joins with a value, so
 * statements nest: what is defined before a statement, in its list or around it, can be used by it.
 *
 * @module
 */

/** A value of a procedure; numbered from 0. */
export type ValueId = number;

/** Stands in environments for a variable that nobody reads. */
export const UNUSED: ValueId = -1;

/** How a value is computed. */
export type Expression =
  | { readonly kind: 'constant'; readonly term: Term }
  /** What the environment of the procedure has at `index`. */
  | { readonly kind: 'argument'; readonly index: number }
  /** Unforgeable name number `index` of the `let` at `path`. */
  | { readonly kind: 'fresh'; readonly path: Seed; readonly index: number }
  /** The name that a URI is bound to. */
  | { readonly kind: 'system'; readonly uri: string }
  | { readonly kind: 'unary'; readonly operator: 'not' | '-'; readonly operand: ValueId }
  /** The operand, which must be a boolean of the operator. */
  | { readonly kind: 'truth'; readonly operator: LogicalOperator; readonly operand: ValueId }
  /** Both operands are booleans. */
  | { readonly kind: 'logic'; readonly operator: 'and' | 'or'; readonly left: ValueId; readonly right: ValueId }
  /** `right` runs only if the boolean `left` does not decide; its `result` is a boolean. */
  | {
      readonly kind: 'lazy';
      readonly operator: '&&' | '||';
      readonly left: ValueId;
      readonly right: readonly Statement[];
      readonly result: ValueId;
    }
  | { readonly kind: 'binary'; readonly operator: StrictOperator; readonly left: ValueId; readonly right: ValueId }
  /** An operation with a constant power of two, or the addition of a constant, for a 64-bit integer; anything else does what the operator does. */
  | { readonly kind: 'scale'; readonly operator: '*' | '/' | '%'; readonly operand: ValueId; readonly power: number }
  | {
      readonly kind: 'method';
      readonly method: string;
      readonly target: ValueId;
      readonly arguments: readonly ValueId[];
    }
  /** For a map keys and values in turn. */
  | { readonly kind: 'collection'; readonly shape: Shape; readonly elements: readonly ValueId[] }
  /** A process with the values of its variables put in, checked for its size. The environment has the variables bound last. */
  | { readonly kind: 'quote'; readonly term: Term; readonly environment: readonly ValueId[] }
  /** A pattern, or a guard under `binders` further variables, with the values of its variables put in. */
  | { readonly kind: 'close'; readonly term: Term; readonly binders: number; readonly environment: readonly ValueId[] }
  | { readonly kind: 'matches'; readonly value: ValueId; readonly pattern: ValueId }
  /** The name behind a bundle, which must allow its use. */
  | { readonly kind: 'usable'; readonly right: 'read' | 'write'; readonly channel: ValueId };

/** The operators on booleans. */
export type LogicalOperator = 'and' | 'or' | '&&' | '||';

/** The kinds of collections. */
export type Shape = 'list' | 'tuple' | 'set' | 'map' | 'par';

/** One channel of a consume. A pattern that is closed is itself, another a value. */
export interface ConsumeBind {
  readonly channel: ValueId;
  readonly patterns: readonly (Term | ValueId)[];
  readonly remainder: FreeTerm | WildcardTerm | undefined;
  readonly variables: number;
  readonly peek: boolean;
}

/** Statements that compute a value, whose result must be `true` for the case to be taken; one without a value is not. */
export interface Guard {
  readonly statements: readonly Statement[];
  readonly result: ValueId;
}

/** A case of a match. */
export interface Case {
  readonly pattern: Term;
  /** Values of the variables of the pattern that are bound outside it. */
  readonly environment: readonly ValueId[];
  /** Defined to be what the variables of the pattern match. */
  readonly bindings: readonly ValueId[];
  readonly guard: Guard | undefined;
  readonly body: readonly Statement[];
}

/** Computes a value. */
export interface DefineStatement {
  readonly op: 'define';
  readonly value: ValueId;
  readonly expression: Expression;
  readonly place: Located | undefined;
}

/** Sends a message. `path` leads from the seed of the procedure to the one of the message. */
export interface ProduceStatement {
  readonly op: 'produce';
  readonly channel: ValueId;
  readonly data: readonly ValueId[];
  readonly persistent: boolean;
  readonly path: Seed;
  readonly place: Located | undefined;
}

/** Makes an actor that waits for messages. */
export interface ConsumeStatement {
  readonly op: 'consume';
  readonly binds: readonly ConsumeBind[];
  readonly variables: number;
  readonly guard: ValueId | undefined;
  readonly persistent: boolean;
  /** Number of the procedure that runs with the messages. */
  readonly procedure: number;
  /** Values of the variables of that procedure before those of the binds. */
  readonly environment: readonly ValueId[];
  readonly path: Seed;
  readonly place: Located | undefined;
}

/** Runs the body of the first case that matches. */
export interface MatchStatement {
  readonly op: 'match';
  readonly target: ValueId;
  readonly cases: readonly Case[];
  readonly place: Located | undefined;
}

/** Runs a process that is only known when the program runs. */
export interface RunStatement {
  readonly op: 'run';
  readonly process: ValueId;
  readonly path: Seed;
  readonly place: Located | undefined;
}

/** One step of a procedure. */
export type Statement = DefineStatement | ProduceStatement | ConsumeStatement | MatchStatement | RunStatement;

/** A linear function of a variable that changes by constants from one message of a loop to the next. */
export interface Induction {
  /** Index of the variable in the environment. */
  readonly argument: number;
  /** What is added from message to message, one for each place that sends it. */
  readonly steps: readonly bigint[];
  /** Values of the procedure that are `factor * variable + offset`, modulo 2^64. */
  readonly derived: readonly { readonly value: ValueId; readonly factor: bigint; readonly offset: bigint }[];
}

/** What is known of a procedure besides its statements. */
export interface Knowledge {
  /** Arguments that are 64-bit integers whatever happens. */
  readonly integers: readonly number[];
  readonly inductions: readonly Induction[];
}

/** A procedure. */
export interface Procedure {
  /** The process that it implements: the program, or the body of a receive. */
  readonly term: Term;
  /** Number of variables of its environment. */
  readonly parameters: number;
  /** Values are below this number. */
  readonly values: number;
  readonly statements: readonly Statement[];
  readonly knowledge: Knowledge;
}

/** A program; procedure 0 is where it begins. */
export interface IntermediateProgram {
  readonly procedures: readonly Procedure[];
}
