import { boundTerm, parTerm } from '../term/build.ts';
import { mapParts } from '../term/parts.ts';
import type { ReceiveTerm, Term } from '../term/term.ts';
import { GATE_VARIABLES } from './gate.ts';
import { behindGate } from './role.ts';

/** Tokens wait on a name that no program can write; in patterns any channel stands for it. */
function isOnTokens({ binds }: ReceiveTerm): boolean {
  const kind = binds[0]?.channel.kind;
  return kind === 'unforgeable' || kind === 'wildcard';
}

/** The levels that variables have in the result, by their level in the term; those of gates have none. */
type Levels = readonly number[];

function ungated(term: Term, levels: Levels, depth: number): Term {
  if (term.kind === 'bound') return boundTerm(depth - 1 - levels[levels.length - 1 - term.index]!);
  return mapParts(term, (part, binders, place) => {
    const inner = [...levels, ...Array.from({ length: binders }, (_, index) => depth + index)];
    const within = depth + binders;
    const behind =
      term.kind === 'receive' && place === 'body' && part.kind === 'receive' && isOnTokens(part)
        ? behindGate(part)
        : undefined;
    if (behind === undefined) return ungated(part, inner, within);
    const gate = Array.from({ length: GATE_VARIABLES }, () => -1);
    return parTerm(behind.map((one) => ungated(one, [...inner, ...gate], within)));
  });
}

/**
 * What a metered process was made of: the same without the gates behind its receives, those of quoted processes and patterns included. System processes are still
 * reached through the private names of `meterProgram`, and its relays stay. A process that is not metered stays as it is.
 *
 * @param term - closed.
 * @example
 * ```ts
 * import { equalTerms, meterProgram, normalize, parse, tokenChannel, withoutGates } from '@commute/rholang';
 * const tree = parse('for (@x <- @"a") { for (@y <= @"b") { @"c"!(x + y) } }');
 * const normal = tree.ok ? normalize(tree.process) : undefined;
 * if (!normal?.ok) throw new Error('not a program');
 * const metered = meterProgram(normal.term, { channel: tokenChannel(new Uint8Array([1])) });
 * if (!metered.ok || !equalTerms(withoutGates(metered.term), normal.term)) throw new Error('not the same');
 * ```
 */
export function withoutGates(term: Term): Term {
  return ungated(term, [], 0);
}
