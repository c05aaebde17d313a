import { normalize, parse, type Located, type Term } from '@commute/rholang';

/** A program of a test, in normal form. */
export interface ReadProgram {
  readonly term: Term;
  readonly source: string;
  readonly locations: ReadonlyMap<Term, Located>;
}

/** Reads a program of a test. */
export function read(source: string): ReadProgram {
  const tree = parse(source);
  if (!tree.ok) throw new Error(`${source}: ${tree.diagnostics[0]!.message}`);
  const normal = normalize(tree.process, { source });
  if (!normal.ok) throw new Error(`${source}: ${normal.diagnostics[0]!.message}`);
  return { term: normal.term, source, locations: normal.locations };
}

/** A pattern in source text. */
export function pattern(source: string): Term {
  const { term } = read(`match Nil { ${source} => { Nil } }`);
  if (term.kind !== 'match') throw new Error(`no pattern: ${source}`);
  return term.cases[0]!.pattern;
}
