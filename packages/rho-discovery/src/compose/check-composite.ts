import { assertInteger } from '@commute/errors';
import { checkProcess, type CheckOptions, type CheckResult } from '@commute/rho-check';
import { parTerm, placeFields, printTerm, type Located, type PlaceFields, type Term } from '@commute/rholang';
import { readProgram } from '../contract/extract.ts';
import type { CheckedProperty } from '../contract/interface.ts';
import { callerOf } from './callers.ts';
import type { Composite } from './compose.ts';

/** How a composite is checked. */
export interface CheckCompositeOptions extends CheckOptions {
  /**
   * How many calls of each contract that stays public are made beside the composite, all at once, with values that its patterns accept; 2 unless told, 0
   * for none.
   */
  readonly calls?: number;
}

/** What a composite was checked with, and what that came to. */
export interface CompositeCheck {
  /** `holds` only if every schedule is fine and every call was shown to be accepted. */
  readonly verdict: 'holds' | 'fails' | 'unknown';
  /** The answer of the model checker; places are those in the sources of the parts. */
  readonly result: CheckResult;
  /** The programs that made calls, as text. */
  readonly callers: readonly string[];
}

interface Piece {
  readonly file: string;
  readonly source: string;
  /** Where it begins in the text of all. */
  readonly offset: number;
}

/** The sources of all parts in one text, in which places are unique; names of private channels come first, so that traces can call them by name. */
class Sheet {
  readonly pieces: Piece[] = [];
  readonly locations = new Map<Term, Located>();
  #text: string;

  constructor(labels: readonly string[]) {
    this.#text = labels.length === 0 ? '{' : `new ${labels.join(', ')} in {`;
  }

  add(file: string, source: string): Piece {
    if (this.pieces.length > 0) this.#text += ' |\n';
    this.#text += '{';
    const piece = { file, source, offset: this.#text.length };
    this.pieces.push(piece);
    this.#text += `${source}\n}`;
    return piece;
  }

  place(term: Term, { offset }: Piece, { start, end }: Located): void {
    this.locations.set(term, { start: start + offset, end: end + offset });
  }

  get text(): string {
    return `${this.#text}}`;
  }

  /** The place in its own source. */
  own(place: PlaceFields): PlaceFields {
    const piece = this.pieces.findLast(({ offset }) => offset <= place.start);
    if (piece === undefined) return place;
    const { file, source, offset } = piece;
    return placeFields(
      { start: place.start - offset, end: Math.min(place.end - offset, source.length) },
      { file, source },
    );
  }
}

/** Names for private channels that can stand in a source. */
function labelsOf(composite: Composite): readonly string[] {
  const taken = new Set<string>();
  return composite.channels
    .filter(({ hidden }) => hidden)
    .map(({ name }, index) => {
      const text =
        name.kind === 'string' && /^[a-zA-Z][a-zA-Z0-9_]*$/.test(name.value) ? name.value : `wire${String(index)}`;
      const label = taken.has(text) || KEYWORDS.has(text) ? `${text}_${String(index)}` : text;
      taken.add(label);
      return label;
    });
}

const KEYWORDS = new Set(
  'new in if else let match select for contract bundle true false Nil Set not and or matches Bool Int BigInt String Uri ByteArray'.split(
    ' ',
  ),
);

/** Every object of a result with its places in the parts. */
function relocated<T>(value: T, sheet: Sheet): T {
  if (Array.isArray(value)) return value.map((one: unknown) => relocated(one, sheet)) as T;
  if (typeof value !== 'object' || value === null) return value;
  if (isPlace(value)) return sheet.own(value) as T;
  if ('isPattern' in value) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]: [string, unknown]) => [key, relocated(one, sheet)]),
  ) as T;
}

function isPlace(value: object): value is PlaceFields {
  return 'file' in value && 'line' in value && 'start' in value && (value as PlaceFields).file === SHEET;
}

const SHEET = 'composite';
const MAXIMUM_CALLS = 16;

/**
 * Checks how the parts of a composite get on: explores every schedule of the composite beside callers of the contracts that it offers.
 *
 * Two parts that are fine with all others may still wait for each other for ever; then the verdict is `fails`, and the finding has a shortest schedule that leads
 * there, with the places in the sources of the parts.
 *
 * @throws what `checkProcess` of `@commute/rho-check` throws, and RangeMismatchError RHO_DISCOVERY_ARGUMENT_RANGE for `calls`.
 * @example
 * ```ts
 * import { checkComposite, composeContracts } from '@commute/rho-discovery';
 * const worker = (one: string, other: string): string =>
 *   `for (_ <- @"${one}") { for (_ <- @"${other}") { @"${one}"!(Nil) | @"${other}"!(Nil) } }`;
 * const forks = { name: 'forks', source: '@"left"!(Nil) | @"right"!(Nil)' };
 * const ann = { name: 'ann', source: worker('left', 'right') };
 * const bob = { name: 'bob', source: worker('right', 'left') };
 * for (const [parts, expected] of [[[forks, ann], 'holds'], [[forks, bob], 'holds'], [[forks, ann, bob], 'fails']] as const) {
 *   const composite = composeContracts(parts);
 *   if (!composite.ok || (await checkComposite(composite)).verdict !== expected) throw new Error('unexpected verdict');
 * }
 * ```
 */
export async function checkComposite(
  composite: Composite,
  options: CheckCompositeOptions = {},
): Promise<CompositeCheck> {
  const { calls = 2, ...check } = options;
  assertInteger('RHO_DISCOVERY_ARGUMENT_RANGE', 'calls', calls, 0, MAXIMUM_CALLS);
  const sheet = new Sheet(labelsOf(composite));
  const pieces = composite.parts.map(({ file, source }) => sheet.add(file, source));
  for (const [term, place] of composite.locations) sheet.place(term, pieces[place.part]!, place);
  const callers: string[] = [];
  const terms: Term[] = [composite.term];
  for (const contract of composite.interface.contracts) {
    const caller = contract.dynamic || calls === 0 ? undefined : callerOf(contract, composite.term);
    if (caller === undefined) continue;
    const text = printTerm(caller.term);
    for (let call = 0; call < calls; call += 1) {
      const piece = sheet.add(caller.name, text);
      const read = readProgram(text, caller.name);
      // Values without a literal read as something else; then the places are not known.
      const term = read.ok ? read.term : caller.term;
      if (read.ok) for (const [one, place] of read.locations) sheet.place(one, piece, place);
      terms.push(term);
      callers.push(text);
    }
  }
  if (composite.term.kind === 'new' && composite.channels.some(({ hidden }) => hidden))
    sheet.locations.set(composite.term, { start: 0, end: sheet.text.length });
  const program = [{ term: parTerm(terms), locations: sheet.locations, source: sheet.text, file: SHEET }];
  const result = relocated(await checkProcess(program, check), sheet);
  const verdict = result.ok ? result.verdict : 'unknown';
  const proved = composite.connections.every(({ accepted, answers }) => accepted === 'yes' && answers === 'yes');
  return { verdict: verdict === 'holds' && !proved ? 'unknown' : verdict, result, callers };
}

/** The findings of a model checker as properties of the contracts of a program. */
export function propertiesOfCheck(result: CheckResult): readonly CheckedProperty[] {
  if (!result.ok) return [];
  return result.findings.map(({ check, property, verdict }) => ({ name: property ?? check, verdict }));
}
