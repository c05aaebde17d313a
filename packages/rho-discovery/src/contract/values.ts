import { forEachPart, type FreeTerm, type Term, type WildcardTerm } from '@commute/rholang';
import { formOf } from '../subsume/pattern.ts';
import {
  ANY,
  binaryShape,
  bundleShape,
  closedShape,
  collectionShape,
  isGround,
  isNever,
  joinAll,
  mapShape,
  mayHave,
  meet,
  methodShape,
  NEVER,
  shapeOfPattern,
  unaryShape,
} from './shape.ts';

/** A name whose use is followed. */
export type Followed =
  /** Part of the message of a contract. */
  | { readonly kind: 'argument'; readonly contract: number; readonly argument: number; readonly nested: boolean }
  /** Made by `new`. */
  | { readonly kind: 'fresh'; readonly id: number }
  | { readonly kind: 'uri'; readonly uri: string };

/** What is known of a value. */
export interface Value {
  readonly shape: Term;
  /** The name that it is, if that is followed. */
  readonly name: Followed | undefined;
  /** The values of its elements, of a list or tuple. */
  readonly parts: readonly Value[] | undefined;
}

/** A value of which only the shape is known. */
export function shaped(shape: Term): Value {
  return { shape, name: undefined, parts: undefined };
}

/** Any value. */
export const UNKNOWN: Value = shaped(ANY);

/** Is told the names that get out of sight: others may use them. */
export type OnEscape = (name: Followed) => void;

/** Tells of every followed name that a term uses anywhere. */
export function escapes(term: Term, environment: readonly Value[], onEscape: OnEscape, depth = 0): void {
  if (term.scope <= depth) return;
  if (term.kind === 'bound') escapesValue(environment[environment.length - 1 - (term.index - depth)]!, onEscape);
  forEachPart(term, (part, binders) => {
    escapes(part, environment, onEscape, depth + binders);
  });
}

/** Tells of the followed names that a value is or holds. */
export function escapesValue({ name, parts }: Value, onEscape: OnEscape): void {
  if (name !== undefined) onEscape(name);
  for (const part of parts ?? []) escapesValue(part, onEscape);
}

/** The value of an expression under an environment; names that go into anything but a list, a tuple or a bundle get out of sight. */
export function valueOf(term: Term, environment: readonly Value[], onEscape: OnEscape): Value {
  if (term.scope === 0) return shaped(closedShape(term));
  const one = (part: Term): Value => valueOf(part, environment, onEscape);
  const hidden = (part: Term): Term => {
    const value = one(part);
    escapesValue(value, onEscape);
    return value.shape;
  };
  switch (term.kind) {
    case 'bound':
      return environment[environment.length - 1 - term.index]!;
    case 'list':
    case 'tuple': {
      const parts = term.elements.map(one);
      const shapes = parts.map(({ shape }) => shape);
      return { shape: collectionShape(term.kind, shapes), name: undefined, parts };
    }
    case 'set':
      return shaped(collectionShape('set', term.elements.map(hidden)));
    case 'map':
      return shaped(mapShape(term.entries.map(([key, value]) => [hidden(key), hidden(value)] as const)));
    case 'unary':
      return shaped(unaryShape(term.operator, one(term.operand).shape));
    case 'binary': {
      const left = one(term.left);
      if (term.operator === 'matches') return shaped(binaryShape('matches', left.shape, ANY));
      const right = one(term.right);
      const shape = binaryShape(term.operator, left.shape, right.shape);
      // `+` puts an element into a set; `++` hands on what stands in both lists.
      if (term.operator === '+' && mayHave(shape, 'set')) escapesValue(right, onEscape);
      if (term.operator === '++')
        for (const part of [left, right]) escapesValue({ ...part, name: undefined }, onEscape);
      return shaped(shape);
    }
    case 'method': {
      const parameters = term.arguments.map(one);
      const target = one(term.target);
      const shape = methodShape(term, target.shape);
      if (!isGround(shape)) {
        escapesValue({ ...target, name: undefined }, onEscape);
        for (const parameter of parameters) escapesValue(parameter, onEscape);
      }
      return shaped(parameters.some((parameter) => isNever(parameter.shape)) ? NEVER : shape);
    }
    case 'bundle': {
      const { shape, name } = one(term.body);
      return { shape: bundleShape(term.read, term.write, shape, name?.kind === 'fresh'), name, parts: undefined };
    }
    default:
      escapes(term, environment, onEscape);
      return UNKNOWN;
  }
}

/** The alternatives of a shape that a collection pattern can take apart; nothing if one of them is not known. */
function elementsOf(shape: Term, kind: 'list' | 'tuple', count: number): readonly (readonly Term[])[] | undefined {
  const all = shape.kind === 'connective' && shape.connective === 'or' ? shape.operands : [shape];
  const rows: (readonly Term[])[] = [];
  for (const one of all) {
    const form = formOf(one);
    if (isNever(one) || (form !== undefined && form !== kind)) continue;
    if (one.kind !== 'list' && one.kind !== 'tuple') return undefined;
    if (one.elements.length > count) continue;
    if (one.elements.length < count && (one.kind === 'tuple' || one.remainder === undefined)) continue;
    rows.push([...one.elements, ...new Array<Term>(count - one.elements.length).fill(ANY)]);
  }
  return rows;
}

/** Gives the variables of a pattern what they are bound to when it matches a value. */
export class Binder {
  readonly values: Value[];

  /** @param count - number of variables of the pattern. */
  constructor(count: number) {
    this.values = new Array<Value>(count).fill(UNKNOWN);
  }

  /** @param around - the name that is followed in variables inside the pattern. */
  bind(pattern: Term, value: Value, around: Followed | undefined): void {
    if (!pattern.isPattern) return;
    // What is taken out of a part of a message was in that part.
    const { name } = value;
    const nested = around ?? (name?.kind === 'argument' ? { ...name, nested: true } : undefined);
    switch (pattern.kind) {
      case 'free':
        this.values[pattern.index] = value;
        break;
      case 'connective': {
        if (pattern.connective !== 'and') break;
        const shape = pattern.operands.reduce((met, operand) => meet(met, shapeOfPattern(operand)), value.shape);
        for (const operand of pattern.operands) this.bind(operand, { ...value, shape }, around);
        break;
      }
      case 'list':
      case 'tuple': {
        const rows = elementsOf(value.shape, pattern.kind, pattern.elements.length);
        pattern.elements.forEach((element, index) => {
          const part = value.parts?.[index];
          const shape = part?.shape ?? (rows === undefined ? ANY : joinAll(rows.map((row) => row[index]!)));
          this.bind(element, { shape, name: part?.name ?? nested, parts: part?.parts }, nested);
        });
        if (pattern.kind === 'list') this.#rest(pattern.remainder, nested, value.parts?.slice(pattern.elements.length));
        break;
      }
      case 'set':
        for (const element of pattern.elements) this.bind(element, { ...UNKNOWN, name: nested }, nested);
        this.#rest(pattern.remainder, nested);
        break;
      case 'map':
        for (const [key, part] of pattern.entries) {
          this.bind(key, { ...UNKNOWN, name: nested }, nested);
          this.bind(part, { ...UNKNOWN, name: nested }, nested);
        }
        this.#rest(pattern.remainder, nested);
        break;
      case 'par':
        for (const part of pattern.parts)
          this.bind(part, { shape: ANY, name: value.name ?? nested, parts: value.parts }, nested);
        break;
      case 'send':
        for (const part of [pattern.channel, ...pattern.data]) this.bind(part, { ...UNKNOWN, name: nested }, nested);
        break;
      case 'bundle':
        this.bind(pattern.body, { shape: ANY, name: value.name ?? nested, parts: undefined }, nested);
        break;
      default:
        this.#inside(nested);
    }
  }

  #rest(remainder: FreeTerm | WildcardTerm | undefined, nested: Followed | undefined, parts?: readonly Value[]): void {
    if (remainder?.kind === 'free') this.values[remainder.index] = { shape: ANY, name: nested, parts };
  }

  /** Processes under binders: their variables are known to be no more than parts. */
  #inside(nested: Followed | undefined): void {
    if (nested === undefined) return;
    for (let index = 0; index < this.values.length; index += 1)
      if (this.values[index] === UNKNOWN) this.values[index] = { ...UNKNOWN, name: nested };
  }
}
