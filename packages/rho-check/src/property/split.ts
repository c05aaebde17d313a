const TOKEN = /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|"(?:[^"\\]|\\[\s\S])*"?|`[^`]*`?|[^]/g;

/**
 * The properties of a file: they end with `;`, the last one need not.
 *
 * Each comes with blanks for all that stands before it, so that places in it are places in the file.
 *
 * @example
 * ```ts
 * import { splitProperties } from '@commute/rho-check';
 * const found = splitProperties('// none may be lost\nalways pending @"cell"; eventually terminal;');
 * if (found.length !== 2 || found[1]!.trim() !== 'eventually terminal') throw new Error('unexpected properties');
 * ```
 */
export function splitProperties(text: string): readonly string[] {
  const found: string[] = [];
  let start = 0;
  let depth = 0;
  let isEmpty = true;
  const end = (at: number): void => {
    if (!isEmpty) found.push(text.slice(0, start).replace(/[^\n]/g, ' ') + text.slice(start, at));
    isEmpty = true;
  };
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token.startsWith('//') || token.startsWith('/*')) continue;
    if (token === ';' && depth === 0) {
      end(index);
      start = index + 1;
      continue;
    }
    if ('([{'.includes(token)) depth += 1;
    else if (')]}'.includes(token) && depth > 0) depth -= 1;
    if (token.trim() !== '') isEmpty = false;
  }
  end(text.length);
  return found;
}
