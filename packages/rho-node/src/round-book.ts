import { equalBytes } from '@commute/rho-store/bytes';
import { isSubject, STEPS, type Statement, type Subject } from './statement.ts';

/** Two different statements of one member for the same step and view: proof that it cheats. */
export interface Equivocation {
  readonly member: number;
  readonly statements: readonly [Statement, Statement];
}

/** What one member said in one step and view: the first, and the last that contradicts it. */
type Entry = readonly [Statement] | readonly [Statement, Statement];

/** Views ahead of this node's own of which it keeps everything; of those beyond, the newest of each member and step. */
const VIEWS_AHEAD = 100;

/**
 * What the members said in one round. Bounded: for each member, step and view at most one statement and one that contradicts it, and few views.
 */
export class RoundBook {
  readonly round: number;
  readonly #members: number;
  /** By step, view and member. */
  readonly #said: Map<number, (Entry | undefined)[]>[];
  readonly #far: number[][];
  readonly #equivocations: Equivocation[] = [];
  /** The view of this node, of each step's agreement the greatest. */
  #view = 0;

  constructor(round: number, members: number) {
    this.round = round;
    this.#members = members;
    this.#said = Array.from({ length: STEPS }, () => new Map<number, (Entry | undefined)[]>());
    this.#far = Array.from({ length: STEPS }, () => new Array<number>(members).fill(0));
  }

  /** Says that this node has come to a view. */
  reach(view: number): void {
    this.#view = Math.max(this.#view, view);
  }

  #row(step: number, view: number): readonly (Entry | undefined)[] {
    return this.#said[step]!.get(view) ?? [];
  }

  /** Takes a statement whose signature was checked. `replaced` says that it is one more that contradicts what is known. */
  add(statement: Statement): 'added' | 'known' | 'contradicts' | 'replaced' {
    const { step, view, member } = statement;
    const rows = this.#said[step]!;
    let row = rows.get(view);
    const entry = row?.[member];
    if (entry === undefined) {
      if (view > this.#view + VIEWS_AHEAD && !this.#keepFar(step, view, member)) return 'known';
      if (row === undefined) {
        row = new Array<Entry | undefined>(this.#members).fill(undefined);
        rows.set(view, row);
      }
      row[member] = [statement];
      return 'added';
    }
    if (entry.some((one) => equalBytes(one.hash, statement.hash))) return 'known';
    row![member] = [entry[0], statement];
    if (entry.length === 2) return 'replaced';
    if (this.#equivocations.some((one) => one.member === member)) return 'replaced';
    this.#equivocations.push({ member, statements: [entry[0], statement] });
    return 'contradicts';
  }

  #keepFar(step: number, view: number, member: number): boolean {
    const far = this.#far[step]!;
    const before = far[member]!;
    if (view <= before) return false;
    far[member] = view;
    const row = this.#said[step]!.get(before);
    if (before > this.#view + VIEWS_AHEAD && row !== undefined) {
      row[member] = undefined;
      if (row.every((one) => one === undefined)) this.#said[step]!.delete(before);
    }
    return true;
  }

  /** The first that a member said. */
  first(step: number, view: number, member: number): Statement | undefined {
    return this.#row(step, view)[member]?.[0];
  }

  /** True if the very statement is there. */
  knows({ step, view, member, hash }: Statement): boolean {
    return this.#row(step, view)[member]?.some((one) => equalBytes(one.hash, hash)) ?? false;
  }

  /** A block or a vote by its member and its hash. */
  find(subject: Subject, member: number, hash: Uint8Array): Statement | undefined {
    return this.#row(subject, 0)[member]?.find((one) => equalBytes(one.hash, hash));
  }

  /** All that was said in a step and view. */
  *at(step: number, view: number): Generator<Statement> {
    for (const entry of this.#row(step, view)) if (entry !== undefined) yield* entry;
  }

  /** The views of a step in which something was said. */
  views(step: number): Iterable<number> {
    return this.#said[step]!.keys();
  }

  /** True if a member said different things of a step and view. */
  contradicted(step: number, view: number, member: number): boolean {
    return this.#row(step, view)[member]?.length === 2;
  }

  /** Members of whom nothing of a step and view is there. */
  missing(step: number, view = 0): readonly number[] {
    const row = this.#row(step, view);
    return Array.from({ length: this.#members }, (_, member) => member).filter((member) => row[member] === undefined);
  }

  /** Everything that was said, with what contradicts it: first what members agreed on, so that who hears it knows what is decided, then blocks and votes. */
  statements(): readonly Statement[] {
    const all = this.#said.map((rows) => [...rows.values()].flatMap((row) => row.flatMap((entry) => entry ?? [])));
    return [...all.filter((_, step) => !isSubject(step)).flat(), ...all.filter((_, step) => isSubject(step)).flat()];
  }

  get equivocations(): readonly Equivocation[] {
    return this.#equivocations;
  }
}
