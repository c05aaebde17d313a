import { termKey, type Term } from '@commute/rholang';
import { formOf, isUniversal } from '../subsume/pattern.ts';

/** Patterns that accept everything. */
export const EVERYTHING = '*';
/** Patterns of which their head does not tell what they accept. */
const ANYTHING = '?';

/** The one pattern that is left when universal parts of a conjunction are taken away. */
function core(pattern: Term): Term {
  if (pattern.kind !== 'connective' || pattern.connective !== 'and') return pattern;
  const rest = pattern.operands.filter((operand) => !isUniversal(operand));
  return rest.length === 1 ? core(rest[0]!) : pattern;
}

function literalHead(term: Term): string {
  return `=${term.size > 100 ? 'large' : termKey(term)}`;
}

/** Under which word a pattern is found: two patterns of which one accepts all of the other share a head of {@link headsInside}. */
export function headOf(pattern: Term): string {
  const inner = core(pattern);
  if (isUniversal(inner)) return EVERYTHING;
  if (inner.scope > 0) return ANYTHING;
  const form = formOf(inner);
  if (form === undefined) return ANYTHING;
  return inner.isPattern ? form : literalHead(inner);
}

/** The words under which patterns stand that may accept all that `pattern` describes; `undefined` if that may be any. */
export function headsInside(pattern: Term): ReadonlySet<string> | undefined {
  const own = ownHeads(core(pattern));
  return own && new Set([EVERYTHING, ANYTHING, ...own]);
}

function ownHeads(pattern: Term): readonly string[] | undefined {
  if (isUniversal(pattern)) return [];
  if (pattern.kind === 'connective') {
    // What is left out by something that is left out has any form.
    if (pattern.connective === 'not') return pattern.operands[0]!.kind === 'connective' ? undefined : [];
    const all: string[] = [];
    for (const operand of pattern.operands) {
      const heads = ownHeads(core(operand));
      if (heads === undefined) return undefined;
      all.push(...heads);
    }
    return all;
  }
  if (pattern.scope > 0) return [];
  const form = formOf(pattern);
  if (form === undefined) return [];
  return pattern.isPattern ? [form] : [form, literalHead(pattern)];
}
