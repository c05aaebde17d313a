/**
 * What is computed of tables before anything is proved, as text: with it a verifier builds no graph of constraints. It is worth as much as whoever computed it
 * is trusted, so that packages carry it for tables of their own, and have a test that computes it anew.
 *
 * @module
 */
import { bytesFromBase64 } from '@commute/wasm';
import {
  type AddedColumns,
  type Arithmetization,
  arithmetize,
  type ArithmetizeOptions,
  namesOf,
} from './arithmetize.ts';
import { contentHash } from './content-hash.ts';
import { type PointProgram, layOutPoint, rememberPointProgram } from './point-layout.ts';
import { ACCUMULATE } from './point-steps.ts';
import { constraintsOf } from './symbolic.ts';
import { type Table } from './table.ts';

/** What is known of a table in the form that is proved: all texts in base 64. */
export interface TableKey {
  /** The digest of its constraints. */
  readonly hash: string;
  /** Numbers that differ by the buses of other tables. */
  readonly counts: string;
  /** The steps that check constraints at a point. */
  readonly steps: string;
}

/** What is known of the tables of a system. */
export interface VerifyingKey {
  readonly maximumDegree: number;
  /** Names of the buses that have to cancel, in the order of their numbers. */
  readonly buses: readonly string[];
  /** In the order of the tables. */
  readonly tables: readonly TableKey[];
}

/** What a system says of a table besides its names. */
export interface TableFacts {
  /** 64 hexadecimal digits. */
  readonly contentHash: string;
  readonly constraints: number;
  readonly messages: number;
  /** Elements of the longest tuple, 0 without messages. */
  readonly widest: number;
}

/** Facts of tables whose constraints need not be looked at. */
const known = /* @__PURE__ */ new WeakMap<Arithmetization, TableFacts>();

/** The facts of an arithmetization. */
export function factsOf(arithmetization: Arithmetization): TableFacts {
  let facts = known.get(arithmetization);
  if (facts === undefined) {
    const { messages } = constraintsOf(arithmetization.table);
    facts = {
      contentHash: contentHash(arithmetization),
      constraints: arithmetization.constraints.length,
      messages: messages.length,
      widest: Math.max(0, ...messages.map(({ tuple }) => tuple.length)),
    };
    known.set(arithmetization, facts);
  }
  return facts;
}

/** How many constraints an arithmetization has. */
export function constraintCount(arithmetization: Arithmetization): number {
  return known.get(arithmetization)?.constraints ?? arithmetization.constraints.length;
}

function base64(bytes: readonly number[]): string {
  // Typed here so that nobody needs the DOM library of TypeScript.
  const { btoa } = globalThis as unknown as { readonly btoa: (text: string) => string };
  return btoa(bytes.map((byte) => String.fromCharCode(byte)).join(''));
}

/** Numbers of seven bits in a byte, the lower ones first; all but the last byte of a number have bit 7. */
class NumberWriter {
  readonly #bytes: number[] = [];

  number(value: number | bigint): this {
    let rest = BigInt(value);
    for (; rest > 127n; rest >>= 7n) this.#bytes.push(Number(rest & 127n) | 128);
    this.#bytes.push(Number(rest));
    return this;
  }

  text(): string {
    return base64(this.#bytes);
  }
}

class NumberReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(text: string) {
    this.#bytes = bytesFromBase64(text);
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  number(): number {
    let byte = this.#bytes[this.#at++]!;
    let value = byte & 127;
    for (let shift = 7; byte > 127; shift += 7) {
      byte = this.#bytes[this.#at++]!;
      value |= (byte & 127) << shift;
    }
    return value;
  }

  bigint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#bytes[this.#at++]!;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  }
}

/** Fractions of a sum that is not there; one less than there may be. */
const NO_SUM = 0;

/** Writes what is known of a table's proved form, for quotients of so many columns. */
export function tableKey(arithmetization: Arithmetization, quotientColumns: number): TableKey {
  const { contentHash: digits, constraints, messages, widest } = factsOf(arithmetization);
  const { busSums, helpers } = arithmetization;
  const program = layOutPoint(arithmetization, quotientColumns);
  const fractions = (['terminal', 'exposed'] as const).map(
    (kind) => busSums.find((each) => each.kind === kind)?.fractionColumns.length ?? NO_SUM,
  );
  const counts = new NumberWriter();
  for (const count of [constraints, messages, widest, quotientColumns, ...fractions, helpers.length])
    counts.number(count);
  for (const { area } of helpers) counts.number(area === 'main' ? 0 : 1);
  for (const each of [program.size, program.constants.length, ...program.constants]) counts.number(each);
  const digest = digits.match(/../g)!.map((pair) => Number.parseInt(pair, 16));
  return { hash: base64(digest), counts: counts.text(), steps: stepsText(program) };
}

/**
 * Places are told by how far they are below the first that no step has had for its result. Results but those of sums are in that place.
 */
function stepsText({ steps, size }: PointProgram): string {
  const writer = new NumberWriter();
  // Each other step has a place of its own, the last of them the last.
  const results = steps.filter((operation, at) => at % 4 === 0 && operation !== ACCUMULATE).length;
  let next = size - results;
  writer.number(steps.length / 4);
  for (let at = 0; at < steps.length; at += 4) {
    const [operation, out, left, right] = steps.subarray(at, at + 4) as unknown as [number, number, number, number];
    writer.number(4 * (next - left) + operation).number(next - right);
    if (operation === ACCUMULATE) writer.number(next - out);
    else next++;
  }
  return writer.text();
}

function readSteps(text: string, size: number): Int32Array {
  const reader = new NumberReader(text);
  const steps = new Int32Array(4 * reader.number());
  let results = 0;
  // Places from the first result on; moved to where it is when it is known how many there are.
  for (let at = 0; at < steps.length; at += 4) {
    const head = reader.number();
    const operation = head & 3;
    steps[at] = operation;
    steps[at + 2] = results - (head >>> 2);
    steps[at + 3] = results - reader.number();
    if (operation === ACCUMULATE) steps[at + 1] = results - reader.number();
    else steps[at + 1] = results++;
  }
  const first = size - results;
  for (let at = 0; at < steps.length; at++) if ((at & 3) !== 0) steps[at]! += first;
  return steps;
}

/**
 * The proved form of a table that a key was made of: its names and facts are there at once, and its constraints are made when somebody asks for them.
 */
export function arithmetizationFromKey(table: Table, key: TableKey, options: ArithmetizeOptions): Arithmetization {
  const reader = new NumberReader(key.counts);
  const [constraints, messages, widest, quotientColumns] = [0, 0, 0, 0].map(() => reader.number()) as [
    number,
    number,
    number,
    number,
  ];
  const [terminal, exposed] = [reader.number(), reader.number()];
  const fractions = {
    ...(terminal === NO_SUM ? {} : { terminal }),
    ...(exposed === NO_SUM ? {} : { exposed }),
  };
  const helpers = Array.from({ length: reader.number() }, (): AddedColumns['helpers'][number] =>
    reader.number() === 0 ? 'main' : 'auxiliary',
  );
  const size = reader.number();
  const constants = Array.from({ length: reader.number() }, () => reader.bigint());
  let made: Arithmetization | undefined;
  const full = (): Arithmetization => (made ??= arithmetize(table, options));
  const arithmetization: Arithmetization = {
    table,
    maximumDegree: options.maximumDegree ?? 4,
    ...namesOf(table, { helpers, fractions }),
    get graph() {
      return full().graph;
    },
    get constraints() {
      return full().constraints;
    },
    get busSums() {
      return full().busSums;
    },
    get helpers() {
      return full().helpers;
    },
    get recurrences() {
      return full().recurrences;
    },
  };
  const digits = Array.from(bytesFromBase64(key.hash), (byte) => byte.toString(16).padStart(2, '0'));
  known.set(arithmetization, { contentHash: digits.join(''), constraints, messages, widest });
  rememberPointProgram(arithmetization, quotientColumns, () => ({
    constraints,
    quotientColumns,
    constants,
    steps: readSteps(key.steps, size),
    size,
  }));
  return arithmetization;
}
