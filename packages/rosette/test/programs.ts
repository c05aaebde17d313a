import { normalize, parse, type Located, type Term } from '@commute/rholang';

/** The normal form of a program that is known to be good, with places. */
export function normalOf(source: string): {
  readonly term: Term;
  readonly locations: ReadonlyMap<Term, Located>;
} {
  const tree = parse(source);
  if (!tree.ok) throw new Error(tree.diagnostics[0]!.message);
  const normal = normalize(tree.process, { source });
  if (!normal.ok) throw new Error(normal.diagnostics[0]!.message);
  return normal;
}
