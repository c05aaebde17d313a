import { ByteWriter, equalBytes, hashBytes } from '@commute/rho-store/bytes';
import { STEPS, type Statement } from './statement.ts';

/** Two different statements of one member for the same step: proof that it cheats. */
export interface Equivocation {
  readonly member: number;
  readonly statements: readonly [Statement, Statement];
}

/** What the members said in one round: at most one statement for each member and step, and one more that contradicts it. */
export class RoundBook {
  readonly round: number;
  readonly #members: number;
  readonly #said: (Statement | undefined)[][];
  readonly #equivocations: Equivocation[] = [];

  constructor(round: number, members: number) {
    this.round = round;
    this.#members = members;
    this.#said = Array.from({ length: STEPS }, () => new Array<Statement | undefined>(members).fill(undefined));
  }

  /** Takes a statement whose signature was checked. */
  add(statement: Statement): 'added' | 'known' | 'contradicts' {
    const row = this.#said[statement.step]!;
    const known = row[statement.member];
    if (known === undefined) {
      row[statement.member] = statement;
      return 'added';
    }
    if (equalBytes(known.hash, statement.hash)) return 'known';
    if (this.#equivocations.some((one) => one.member === statement.member)) return 'known';
    this.#equivocations.push({ member: statement.member, statements: [known, statement] });
    return 'contradicts';
  }

  has(step: number, member: number): boolean {
    return this.#said[step]![member] !== undefined;
  }

  /** True if the very statement is there, or one that contradicts it is already known. */
  knows({ step, member, hash }: Statement): boolean {
    const known = this.#said[step]![member];
    if (known === undefined) return false;
    return equalBytes(known.hash, hash) || this.#equivocations.some((one) => one.member === member);
  }

  /** The statements of a step by member, once all are there. */
  all(step: number): readonly Statement[] | undefined {
    const row = this.#said[step]!;
    return row.every((one) => one !== undefined) ? row : undefined;
  }

  /** Number of members of whom a statement of the step is there. */
  count(step: number): number {
    return this.#said[step]!.filter((one) => one !== undefined).length;
  }

  /** Members of whom a statement of the step is missing. */
  missing(step: number): readonly number[] {
    return Array.from({ length: this.#members }, (_, member) => member).filter((member) => !this.has(step, member));
  }

  /** The hash of a step of which all statements are there: `H(12, round, step, hashes by member)`. */
  seal(step: number): Uint8Array<ArrayBuffer> {
    const writer = new ByteWriter().byte(0x12).uint64(this.round).byte(step);
    for (const one of this.#said[step]!) writer.raw(one!.hash);
    return hashBytes(writer.finish());
  }

  /** Everything that was said, with the contradictions. */
  statements(): readonly Statement[] {
    const said = this.#said.flatMap((row) => row.filter((one) => one !== undefined));
    return [...said, ...this.#equivocations.map((one) => one.statements[1])];
  }

  get equivocations(): readonly Equivocation[] {
    return this.#equivocations;
  }
}
