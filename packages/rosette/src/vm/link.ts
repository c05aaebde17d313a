import type { Bind, Located, Term } from '@commute/rholang';
import { remainderOf } from '../bytecode/check.ts';
import { preorder } from '../bytecode/parts.ts';
import type { BytecodeProcedure, BytecodeProgram, Site, SiteBind } from '../bytecode/program.ts';
import { unboxed, type Value } from './value.ts';

/** One channel of a linked site. */
export interface LinkedBind {
  /** All patterns, if they are closed. */
  readonly closed: readonly Term[] | undefined;
  /** Patterns, or nothing for those that are closed when the instruction runs. */
  readonly patterns: readonly (Term | undefined)[];
  readonly remainder: Bind['remainder'];
  readonly variables: number;
  readonly peek: boolean;
}

/** A site with its terms. */
export interface LinkedSite {
  readonly binds: readonly LinkedBind[];
  readonly variables: number;
  readonly closes: readonly number[];
  readonly guarded: boolean;
  readonly persistent: boolean;
  /** The body that runs with the messages. */
  readonly body: Term;
  readonly path: string;
}

/** Places of a run's source, if it has any. */
export type Locations = ReadonlyMap<Term, Located> | undefined;

/** Code with everything that it refers to. */
export interface LinkedProcedure {
  readonly term: Term;
  readonly parameters: number;
  readonly registers: number;
  readonly patternRegisters: number;
  readonly code: Int32Array;
  readonly terms: readonly Term[];
  /** The values of `terms`, with small integers as numbers. */
  readonly literals: readonly Value[];
  readonly texts: readonly string[];
  readonly sites: readonly LinkedSite[];
  /** Place of the instruction at each address, where it is known. */
  readonly places: readonly (Located | undefined)[];
  /** The places of the run that the code was made for; those of another run's source would mislead. */
  readonly locations: Locations;
}

/** Links the procedures of a program. */
export function link(program: BytecodeProgram, locations: Locations): readonly LinkedProcedure[] {
  const terms = [...preorder(program.term), ...program.constants];
  const literals = terms.map(unboxed);
  const linkBind = ({ patterns, remainder, variables, peek }: SiteBind): LinkedBind => {
    const found = patterns.map((number) => (number === -1 ? undefined : terms[number]!));
    const closed = found.filter((pattern) => pattern !== undefined);
    return {
      closed: closed.length === found.length ? closed : undefined,
      patterns: found,
      remainder: remainderOf(remainder),
      variables,
      peek,
    };
  };
  const linkSite = ({ binds, procedure, path, ...rest }: Site): LinkedSite => ({
    ...rest,
    binds: binds.map(linkBind),
    body: terms[program.procedures[procedure]!.term]!,
    path: program.texts[path]!,
  });
  return program.procedures.map((procedure: BytecodeProcedure): LinkedProcedure => {
    const places: (Located | undefined)[] = [];
    for (const { at, start, end } of procedure.places) places[at] = { start, end };
    const { parameters, registers, patternRegisters, code } = procedure;
    return {
      term: terms[procedure.term]!,
      parameters,
      registers,
      patternRegisters,
      code,
      terms,
      literals,
      texts: program.texts,
      sites: procedure.sites.map(linkSite),
      places,
      locations,
    };
  });
}
