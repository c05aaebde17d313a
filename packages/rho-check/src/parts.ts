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
  receiveTerm,
  sendTerm,
  setTerm,
  tupleTerm,
  unaryTerm,
  type Term,
} from '@commute/rholang';

/** Calls `visit` with each direct part of a term, patterns, guards and bodies included. */
export function forEachPart(term: Term, visit: (part: Term) => void): void {
  switch (term.kind) {
    case 'par':
      term.parts.forEach(visit);
      break;
    case 'send':
      visit(term.channel);
      term.data.forEach(visit);
      break;
    case 'receive':
      for (const bind of term.binds) {
        visit(bind.channel);
        bind.patterns.forEach(visit);
      }
      if (term.guard !== undefined) visit(term.guard);
      visit(term.body);
      break;
    case 'new':
    case 'bundle':
      visit(term.body);
      break;
    case 'match':
      visit(term.target);
      for (const one of term.cases) {
        visit(one.pattern);
        if (one.guard !== undefined) visit(one.guard);
        visit(one.body);
      }
      break;
    case 'list':
    case 'tuple':
    case 'set':
      term.elements.forEach(visit);
      break;
    case 'map':
      for (const [key, value] of term.entries) {
        visit(key);
        visit(value);
      }
      break;
    case 'unary':
      visit(term.operand);
      break;
    case 'binary':
      visit(term.left);
      visit(term.right);
      break;
    case 'method':
      visit(term.target);
      term.arguments.forEach(visit);
      break;
    case 'connective':
      term.operands.forEach(visit);
      break;
    default:
      break;
  }
}

/**
 * Rebuilds a term in normal form with each direct part replaced.
 *
 * @param replace - keeps the scope of the part.
 * @param channel - replaces the channels of sends and receives; `replace` if absent.
 */
export function mapParts(term: Term, replace: (part: Term) => Term, channel: (part: Term) => Term = replace): Term {
  switch (term.kind) {
    case 'par':
      return parTerm(term.parts.map(replace));
    case 'send':
      return sendTerm(channel(term.channel), term.data.map(replace), term.persistent);
    case 'receive':
      return receiveTerm(
        term.binds.map((bind) => ({ ...bind, channel: channel(bind.channel), patterns: bind.patterns.map(replace) })),
        replace(term.body),
        term.persistent,
        term.guard && replace(term.guard),
      );
    case 'new':
      return newTerm(term.fresh, term.uris, replace(term.body));
    case 'bundle':
      return bundleTerm(term.read, term.write, replace(term.body));
    case 'match':
      return matchTerm(
        replace(term.target),
        term.cases.map(({ pattern, variables, guard, body }) => ({
          pattern: replace(pattern),
          variables,
          guard: guard && replace(guard),
          body: replace(body),
        })),
      );
    case 'list':
      return listTerm(term.elements.map(replace), term.remainder);
    case 'tuple':
      return tupleTerm(term.elements.map(replace));
    case 'set':
      return setTerm(term.elements.map(replace), term.remainder);
    case 'map':
      return mapTerm(
        term.entries.map(([key, value]) => [replace(key), replace(value)] as const),
        term.remainder,
      );
    case 'unary':
      return unaryTerm(term.operator, replace(term.operand));
    case 'binary':
      return binaryTerm(term.operator, replace(term.left), replace(term.right));
    case 'method':
      return methodTerm(replace(term.target), term.method, term.arguments.map(replace));
    case 'connective':
      return connectiveTerm(term.connective, term.operands.map(replace));
    default:
      return term;
  }
}
