/*
 * What a referee and a party say to each other: plain data. The binary form is in codec.ts.
 */

/** What a party claims of a run: from `initialRoot`, `steps` steps of the top machine lead to `finalRoot`, and further ones change nothing. */
export interface Claim {
  /** Root of S_0, 32 bytes. */
  readonly initialRoot: Uint8Array;
  /** Steps of the top machine, 0 to 2^53 - 1. The fewest that lead to the fixed point, if the run ends there. */
  readonly steps: number;
  /** Root after them, 32 bytes. */
  readonly finalRoot: Uint8Array;
}

/**
 * Where in a stack: `path[0]` is a step of the top machine, `path[1]` a step of the machine below it within that step, and
 * so on. The machine that the question is about is the one at depth `path.length`; `index` counts its steps from the start
 * of the step that the path leads to.
 */
export interface Position {
  readonly path: readonly number[];
  readonly index: number;
}

/** A question of the referee. Positions are whole: a party need not remember what it was asked before. */
export type Question =
  /** What do you claim? */
  | { readonly kind: 'claim' }
  /** The root after `index` steps. */
  | ({ readonly kind: 'root' } & Position)
  /** That the auxiliary region of the layer below is empty before and after step `index`. */
  | ({ readonly kind: 'opening' } & Position)
  /** A proof of step `index` of the lowest machine. */
  | ({ readonly kind: 'step' } & Position)
  /** A proof of all steps of the lowest machine that make step `index` of the one above it. */
  | ({ readonly kind: 'settlement' } & Position);

/** An answer of a party. */
export type Answer =
  | { readonly kind: 'claim'; readonly claim: Claim }
  | { readonly kind: 'root'; readonly root: Uint8Array }
  /** The hashes beside the region's path to the root, lowest first, in the state before the step and in the one after it. */
  | { readonly kind: 'opening'; readonly before: readonly Uint8Array[]; readonly after: readonly Uint8Array[] }
  | { readonly kind: 'proof'; readonly proof: Uint8Array }
  /** The party cannot answer; it loses, and says why. */
  | { readonly kind: 'refusal'; readonly reason: string };

/** The answer that a question wants. */
export type AnswerTo<Q extends Question> = Extract<
  Answer,
  { readonly kind: Q['kind'] extends 'step' | 'settlement' ? 'proof' : Q['kind'] }
>;

/** The kind of answer that a question wants. */
export function wantedAnswer(question: Question): Answer['kind'] {
  switch (question.kind) {
    case 'claim':
    case 'root':
    case 'opening':
      return question.kind;
    case 'step':
    case 'settlement':
      return 'proof';
  }
}

/** One who takes part in disputes: answers questions about its own run. Need not be honest, nor answer. */
export interface Party {
  /** Name for reports. */
  readonly name: string;
  readonly ask: (question: Question) => Promise<Answer>;
}

/** Tells whether two claims are the same. */
export function sameClaim(a: Claim, b: Claim): boolean {
  return a.steps === b.steps && sameRoot(a.finalRoot, b.finalRoot) && sameRoot(a.initialRoot, b.initialRoot);
}

/** Tells whether two roots are the same. */
export function sameRoot(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
