import {
  above,
  binaryTerm,
  boundTerm,
  bundleTerm,
  connectiveTerm,
  listTerm,
  mapTerm,
  matchTerm,
  methodTerm,
  newTerm,
  parTerm,
  sendTerm,
  setTerm,
  Summary,
  tupleTerm,
  unaryTerm,
} from './build.ts';
import { compareBinds } from './compare.ts';
import { MAXIMUM_SIZE, type Bind, type BoundTerm, type ReceiveTerm, type Term } from './term.ts';

/** What a bound variable that escapes `depth` binders of the walked term becomes there. */
type Replace = (variable: BoundTerm, depth: number) => Term;

/** Is told the copies of those processes that have places in a source. */
export type OnCopy = (original: Term, copy: Term) => void;

function walkAll(terms: readonly Term[], depth: number, replace: Replace, onCopy?: OnCopy): readonly Term[] {
  let changed: Term[] | undefined;
  for (let index = 0; index < terms.length; index += 1) {
    const term = terms[index]!;
    const walked = walk(term, depth, replace, onCopy);
    if (changed !== undefined) changed.push(walked);
    else if (walked !== term) {
      changed = terms.slice(0, index);
      changed.push(walked);
    }
  }
  return changed ?? terms;
}

function copied<T extends Term>(original: T, copy: T, onCopy: OnCopy | undefined): T {
  onCopy?.(original, copy);
  return copy;
}

/** Written out, not by way of `mapParts`, since reductions spend much of their time here: calls and replies take 1.6 times as long with it. */
function walk(term: Term, depth: number, replace: Replace, onCopy?: OnCopy): Term {
  if (term.scope <= depth) return term;
  switch (term.kind) {
    case 'bound':
      return replace(term, depth);
    case 'send':
      return copied(
        term,
        sendTerm(
          walk(term.channel, depth, replace, onCopy),
          walkAll(term.data, depth, replace, onCopy),
          term.persistent,
        ),
        onCopy,
      );
    case 'par':
      return parTerm(walkAll(term.parts, depth, replace, onCopy));
    case 'list':
      return listTerm(walkAll(term.elements, depth, replace, onCopy), term.remainder);
    case 'tuple':
      return tupleTerm(walkAll(term.elements, depth, replace, onCopy));
    case 'set':
      return setTerm(walkAll(term.elements, depth, replace, onCopy), term.remainder);
    case 'map':
      return mapTerm(
        term.entries.map(
          ([key, value]) => [walk(key, depth, replace, onCopy), walk(value, depth, replace, onCopy)] as const,
        ),
        term.remainder,
      );
    case 'binary':
      return binaryTerm(
        term.operator,
        walk(term.left, depth, replace, onCopy),
        walk(term.right, depth, replace, onCopy),
      );
    case 'unary':
      return unaryTerm(term.operator, walk(term.operand, depth, replace, onCopy));
    case 'method':
      return methodTerm(
        walk(term.target, depth, replace, onCopy),
        term.method,
        walkAll(term.arguments, depth, replace, onCopy),
      );
    case 'bundle':
      return bundleTerm(term.read, term.write, walk(term.body, depth, replace, onCopy));
    case 'connective':
      return connectiveTerm(term.connective, walkAll(term.operands, depth, replace, onCopy));
    case 'new':
      return copied(
        term,
        newTerm(term.fresh, term.uris, walk(term.body, depth + term.fresh + term.uris.length, replace, onCopy)),
        onCopy,
      );
    case 'match':
      return copied(
        term,
        matchTerm(
          walk(term.target, depth, replace, onCopy),
          term.cases.map(({ pattern, variables, guard, body }) => ({
            pattern: walk(pattern, depth, replace, onCopy),
            variables,
            guard: guard && walk(guard, depth + variables, replace, onCopy),
            body: walk(body, depth + variables, replace, onCopy),
          })),
        ),
        onCopy,
      );
    case 'receive':
      return copied(
        term,
        receiveTerm(
          term.binds.map((bind) => ({
            ...bind,
            channel: walk(bind.channel, depth, replace, onCopy),
            patterns: walkAll(bind.patterns, depth, replace, onCopy),
          })),
          walk(term.body, depth + term.variables, replace, onCopy),
          term.persistent,
          term.guard && walk(term.guard, depth + term.variables, replace, onCopy),
        ),
        onCopy,
      );
    default:
      return term;
  }
}

/**
 * Replaces the bound variables of `term` by closed terms: `bound` `i` by `environment[environment.length - 1 - i]`.
 *
 * Nothing is evaluated. The environment may be longer than the term needs.
 *
 * @param environment - closed terms; the one bound last comes last.
 * @param onCopy - is told each send, receive, `new` and `match` that is copied, with its copy.
 * @returns a closed term in normal form.
 * @example
 * ```ts
 * import { boundTerm, equalTerms, integerTerm, sendTerm, substitute } from '@commute/rholang';
 * const open = sendTerm(boundTerm(0), [boundTerm(1)]);
 * const closed = sendTerm(integerTerm(2n), [integerTerm(1n)]);
 * if (!equalTerms(substitute(open, [integerTerm(1n), integerTerm(2n)]), closed)) throw new Error('unexpected term');
 * ```
 */
export function substitute(term: Term, environment: readonly Term[], onCopy?: OnCopy): Term {
  if (term.scope === 0) return term;
  const last = environment.length - 1;
  if (term.kind === 'bound') return environment[last - term.index]!;
  return walk(term, 0, (variable, depth) => environment[last - (variable.index - depth)]!, onCopy);
}

/** Replaces the bound variables of `term` that lie outside its `binders` innermost ones; see {@link substitute}. */
export function substituteUnder(term: Term, environment: readonly Term[], binders: number, onCopy?: OnCopy): Term {
  if (term.scope <= binders) return term;
  const last = environment.length - 1;
  return walk(term, binders, (variable, depth) => environment[last - (variable.index - depth)]!, onCopy);
}

/** Renumbers the `order.length` innermost variables of `term`: the one at position `order[i]` moves to position `i`. */
export function permute(term: Term, order: readonly number[]): Term {
  const count = order.length;
  const place = new Array<number>(count);
  order.forEach((from, to) => {
    place[from] = to;
  });
  return walk(term, 0, (variable, depth) => {
    const index = variable.index - depth;
    if (index >= count) return variable;
    return boundTerm(depth + count - 1 - place[count - 1 - index]!);
  });
}

/**
 * A receive of `binds` in any order; they are sorted, and the variables of `guard` and `body` renumbered to fit.
 *
 * @param binds - at least one; their variables are bound in this order, those of the last bind last.
 * @param body - under the variables of all binds.
 * @param guard - under the variables of all binds.
 */
export function receiveTerm(binds: readonly Bind[], body: Term, persistent = false, guard?: Term): ReceiveTerm {
  let variables = 0;
  let sorted = true;
  for (let index = 0; index < binds.length; index += 1) {
    variables += binds[index]!.variables;
    if (index > 0 && compareBinds(binds[index - 1]!, binds[index]!) > 0) sorted = false;
  }
  if (!sorted) {
    let first = 0;
    const placed = binds.map((bind) => {
      const start = first;
      first += bind.variables;
      return { bind, start };
    });
    placed.sort((left, right) => compareBinds(left.bind, right.bind));
    const order = placed.flatMap(({ bind, start }) =>
      Array.from({ length: bind.variables }, (_, index) => start + index),
    );
    const inOrder = placed.map(({ bind }) => bind);
    return receiveTerm(inOrder, permute(body, order), persistent, guard && permute(guard, order));
  }
  const summary = new Summary().add(body, variables);
  if (guard !== undefined) summary.add(guard, variables);
  for (const bind of binds) {
    summary.add(bind.channel);
    for (const pattern of bind.patterns) summary.addPattern(pattern);
  }
  const { scope, isPattern, depth } = summary;
  const searches = isPattern && (summary.searches || binds.length > 1);
  const size = Math.min(summary.size, MAXIMUM_SIZE);
  return {
    kind: 'receive',
    binds,
    persistent,
    guard,
    body,
    variables,
    scope,
    isPattern,
    searches,
    depth: above(depth),
    size,
    key: '',
  };
}
