import {
  forEachPart,
  normalize,
  parse,
  parTerm,
  placeFields,
  type Located,
  type NewTerm,
  type PlaceFields,
  type ProcessNode,
  type Term,
} from '@commute/rholang';
import { CheckArgumentError } from './errors.ts';
import type { CheckDiagnostic, Program, ProgramPart } from './report.ts';

/** A place together with the part of the program that it is in. */
export interface PartPlace extends Located {
  readonly part: number;
}

/** What the names of a `new` are called. */
export interface NewLabels {
  readonly labels: readonly string[];
  /** True for the name by which a `select` chooses. */
  readonly choice: boolean;
}

/** A program in normal form. */
export interface LoadedProgram {
  readonly term: Term;
  readonly locations: ReadonlyMap<Term, PartPlace>;
  readonly parts: readonly { readonly file: string; readonly source: string | undefined }[];
  readonly labelsOf: (term: NewTerm) => NewLabels;
  /** URIs that `new` asks for. */
  readonly uris: ReadonlySet<string>;
}

/** A program, or what is wrong with it. */
export type LoadResult =
  | { readonly ok: true; readonly program: LoadedProgram }
  | { readonly ok: false; readonly diagnostics: readonly CheckDiagnostic[] };

const REPLY: NewLabels = { labels: ['reply'], choice: false };
const CHOICE: NewLabels = { labels: ['choice'], choice: true };

/** The names of all `new` of a tree, by place. */
function collectLabels(node: ProcessNode, part: number, into: Map<string, NewLabels>): void {
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) {
      value.forEach(visit);
      return;
    }
    const one = value as ProcessNode;
    if (one.kind === 'new') {
      const labels = one.declarations.filter(({ uri }) => uri === undefined).map(({ name }) => name);
      into.set(placeKey(one, part), { labels, choice: false });
    } else if (one.kind === 'select') into.set(placeKey(one, part), CHOICE);
    Object.values(one).forEach(visit);
  };
  visit(node);
}

function placeKey({ start, end }: Located, part: number): string {
  return `${String(part)}:${String(start)}:${String(end)}`;
}

function urisOf(program: Term): ReadonlySet<string> {
  const uris = new Set<string>();
  const seen = new Set<Term>();
  const visit = (term: Term): void => {
    if (seen.has(term)) return;
    seen.add(term);
    if (term.kind === 'new') for (const uri of term.uris) uris.add(uri);
    forEachPart(term, visit);
  };
  visit(program);
  return uris;
}

/** Reads a program of one or more parts. */
export function loadProgram(program: Program): LoadResult {
  const parts: readonly ProgramPart[] =
    typeof program === 'string' ? [{ source: program }] : 'kind' in program ? [{ term: program }] : program;
  const locations = new Map<Term, PartPlace>();
  const labels = new Map<string, NewLabels>();
  const terms: Term[] = [];
  for (const [part, one] of parts.entries()) {
    const { source } = one;
    const about = { ...(one.file === undefined ? {} : { file: one.file }) };
    const tree = source === undefined ? undefined : parse(source, about);
    if (tree?.ok === true) collectLabels(tree.process, part, labels);
    let found: ReadonlyMap<Term, Located>;
    if ('term' in one) {
      if (one.term.scope > 0 || one.term.isPattern)
        throw new CheckArgumentError('program', 'a closed process', 'an open term or a pattern');
      terms.push(one.term);
      found = one.locations ?? new Map<Term, Located>();
    } else {
      if (tree?.ok !== true) return { ok: false, diagnostics: tree!.diagnostics };
      const normal = normalize(tree.process, { ...about, source: one.source });
      if (!normal.ok) return { ok: false, diagnostics: normal.diagnostics };
      terms.push(normal.term);
      found = normal.locations;
    }
    for (const [term, { start, end }] of found) locations.set(term, { start, end, part });
  }
  const term = parTerm(terms);
  return {
    ok: true,
    program: {
      term,
      locations,
      parts: parts.map(({ file, source }) => ({ file: file ?? '<source>', source })),
      labelsOf: (one) => {
        const place = locations.get(one);
        return (place && labels.get(placeKey(place, place.part))) ?? REPLY;
      },
      uris: urisOf(term),
    },
  };
}

/** Where something stands, for people; nothing if that is not known. */
export function placeOf(program: LoadedProgram, place: Located | undefined): PlaceFields | undefined {
  if (place === undefined) return undefined;
  const part = program.parts[(place as Partial<PartPlace>).part ?? 0];
  if (part === undefined) return undefined;
  return placeFields(place, { file: part.file, ...(part.source === undefined ? {} : { source: part.source }) });
}
