import {
  binaryTerm,
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
  tupleTerm,
  unaryTerm,
} from './build.ts';
import type { FreeTerm, Term, WildcardTerm } from './term.ts';
import { receiveTerm } from './transform.ts';

/**
 * Rebuilds the pattern `term` with `replace` applied to each of its variables, in the order in which they stand.
 *
 * Variables of patterns inside the pattern are left alone.
 */
export function mapVariables(term: Term, replace: (variable: FreeTerm) => FreeTerm): Term {
  if (!term.isPattern) return term;
  const one = (part: Term): Term => mapVariables(part, replace);
  const rest = (remainder: FreeTerm | WildcardTerm | undefined): FreeTerm | WildcardTerm | undefined =>
    remainder?.kind === 'free' ? replace(remainder) : remainder;
  switch (term.kind) {
    case 'free':
      return replace(term);
    case 'par':
      return parTerm(term.parts.map(one));
    case 'list':
      return listTerm(term.elements.map(one), rest(term.remainder));
    case 'set':
      return setTerm(term.elements.map(one), rest(term.remainder));
    case 'tuple':
      return tupleTerm(term.elements.map(one));
    case 'map':
      return mapTerm(
        term.entries.map(([key, value]) => [one(key), one(value)] as const),
        rest(term.remainder),
      );
    case 'send':
      return sendTerm(one(term.channel), term.data.map(one), term.persistent);
    case 'receive': {
      const binds = term.binds.map((bind) => ({ ...bind, channel: one(bind.channel) }));
      const guard = term.guard && one(term.guard);
      return receiveTerm(binds, one(term.body), term.persistent, guard);
    }
    case 'new':
      return newTerm(term.fresh, term.uris, one(term.body));
    case 'bundle':
      return bundleTerm(term.read, term.write, one(term.body));
    case 'match': {
      const target = one(term.target);
      return matchTerm(
        target,
        term.cases.map((each) => ({ ...each, guard: each.guard && one(each.guard), body: one(each.body) })),
      );
    }
    case 'unary':
      return unaryTerm(term.operator, one(term.operand));
    case 'binary': {
      const left = one(term.left);
      return binaryTerm(term.operator, left, term.operator === 'matches' ? term.right : one(term.right));
    }
    case 'method': {
      const target = one(term.target);
      return methodTerm(target, term.method, term.arguments.map(one));
    }
    case 'connective':
      return connectiveTerm(term.connective, term.operands.map(one));
    default:
      return term;
  }
}

/** Number of variables of a list of patterns, or `undefined` unless they are 0, 1, … with each used once. */
export function countVariables(
  patterns: readonly Term[],
  remainder: FreeTerm | WildcardTerm | undefined,
): number | undefined {
  const indices: number[] = [];
  for (const pattern of patterns) {
    mapVariables(pattern, (variable) => {
      indices.push(variable.index);
      return variable;
    });
  }
  if (remainder?.kind === 'free') indices.push(remainder.index);
  indices.sort((left, right) => left - right);
  return indices.every((index, position) => index === position) ? indices.length : undefined;
}
