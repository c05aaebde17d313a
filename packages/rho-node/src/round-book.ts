import { equalBytes, textFromBytes } from '@commute/rho-store/bytes';
import type { Certificate } from './certificate.ts';
import { isSubject, STEP, STEPS, type Statement, type Subject } from './statement.ts';

/** Two different statements of one member for the same step and view: proof that it cheats. */
export interface Equivocation {
  readonly member: number;
  readonly statements: readonly [Statement, Statement];
}

/** What one member said in one step and view: the first, and the first that contradicts it. */
type Entry = readonly [Statement] | readonly [Statement, Statement];

/** Views ahead of this node's own of which it keeps everything; of those beyond, the newest of each member and step. */
const VIEWS_AHEAD = 100;

/**
 * What the members said in one round. Bounded: for each member, step and view at most one statement and one that contradicts it, and few views. What a member says beyond that is kept only if a quorum
 * needs it: as part of a {@link Certificate}, or as a block or vote that others agree on ({@link keep}). So nothing that was found here is lost to what is said later.
 */
export class RoundBook {
  readonly round: number;
  readonly #members: number;
  /** By step, view and member. */
  readonly #said: Map<number, (Entry | undefined)[]>[];
  readonly #far: number[][];
  readonly #equivocations: Equivocation[] = [];
  /** By step and view. */
  readonly #certificates: Map<number, Certificate>[];
  /** Blocks and votes of members that said others before, by hash. */
  readonly #kept = new Map<string, Statement>();
  /** The view of this node, of each step's agreement the greatest. */
  #view = 0;

  constructor(round: number, members: number) {
    this.round = round;
    this.#members = members;
    this.#said = Array.from({ length: STEPS }, () => new Map<number, (Entry | undefined)[]>());
    this.#far = Array.from({ length: STEPS }, () => new Array<number>(members).fill(0));
    this.#certificates = Array.from({ length: STEPS }, () => new Map<number, Certificate>());
  }

  /** Says that this node has come to a view. */
  reach(view: number): void {
    this.#view = Math.max(this.#view, view);
  }

  #row(step: number, view: number): readonly (Entry | undefined)[] {
    return this.#said[step]!.get(view) ?? [];
  }

  /** Takes a statement whose signature was checked. `known` also says that it is of no use. */
  add(statement: Statement): 'added' | 'known' | 'contradicts' {
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
    if (entry.length === 2 || equalBytes(entry[0].hash, statement.hash)) return 'known';
    row![member] = [entry[0], statement];
    if (!this.#equivocations.some((one) => one.member === member))
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

  /** Takes a block or a vote whose signature was checked and which others agree on, though its member said two others. False if it is there. */
  keep(statement: Statement): boolean {
    if (this.knows(statement) || !isSubject(statement.step)) return false;
    this.#kept.set(textFromBytes(statement.hash), statement);
    return true;
  }

  /** Takes a certificate whose signatures were checked, with what it holds. False if there is one of that step and view. */
  certify(certificate: Certificate): boolean {
    const { step, view, statements } = certificate;
    if (this.#certificates[step]!.has(view)) return false;
    this.#certificates[step]!.set(view, certificate);
    for (const one of statements) this.add(one);
    return true;
  }

  /** The certificate of a step and view, if it was told. */
  certificate(step: number, view: number): Certificate | undefined {
    return this.#certificates[step]!.get(view);
  }

  /** All certificates that were told. */
  certificates(): readonly Certificate[] {
    return this.#certificates.flatMap((views) => [...views.values()]);
  }

  /** The first that a member said. */
  first(step: number, view: number, member: number): Statement | undefined {
    return this.#row(step, view)[member]?.[0];
  }

  /** True if the very statement is there. */
  knows({ step, view, member, hash }: Statement): boolean {
    if (this.#row(step, view)[member]?.some((one) => equalBytes(one.hash, hash)) === true) return true;
    return this.#kept.size > 0 && this.#kept.has(textFromBytes(hash));
  }

  /** True if the very statement is there, with the same signature. */
  knowsSigned({ step, view, member, hash, signature }: Statement): boolean {
    const entry = this.#row(step, view)[member];
    return entry?.some((one) => equalBytes(one.hash, hash) && equalBytes(one.signature, signature)) ?? false;
  }

  /** A block or a vote by its member and its hash. */
  find(subject: Subject, member: number, hash: Uint8Array): Statement | undefined {
    const said = this.#row(subject, 0)[member]?.find((one) => equalBytes(one.hash, hash));
    if (said !== undefined || this.#kept.size === 0) return said;
    const kept = this.#kept.get(textFromBytes(hash));
    return kept?.step === subject && kept.member === member ? kept : undefined;
  }

  /** All that was said in a step and view, but for what is kept or in certificates alone. */
  *at(step: number, view: number): Generator<Statement> {
    for (const entry of this.#row(step, view)) if (entry !== undefined) yield* entry;
  }

  /** The views of a step of which there is anything. */
  views(step: number): Iterable<number> {
    const certified = this.#certificates[step]!;
    const said = this.#said[step]!;
    return certified.size === 0 ? said.keys() : new Set([...said.keys(), ...certified.keys()]);
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

  /** Everything that was said, with what contradicts it: first what they begin with and what they agreed on, so that who hears it knows what is decided, then blocks and votes. */
  statements(): readonly Statement[] {
    const all = this.#said.map((rows) => [...rows.values()].flatMap((row) => row.flatMap((entry) => entry ?? [])));
    const subjects = all.filter((_, step) => isSubject(step)).flat();
    const agreed = all.filter((_, step) => !isSubject(step) && step !== STEP.base).flat();
    return [...all[STEP.base]!, ...agreed, ...subjects, ...this.#kept.values()];
  }

  get equivocations(): readonly Equivocation[] {
    return this.#equivocations;
  }
}
