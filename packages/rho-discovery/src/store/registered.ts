import { printTerm, type Term } from '@commute/rholang';

/** Where a name stands in the registry. */
export interface Registered {
  readonly uri: string;
  /** Leads to the name in what stands under the URI: keys of maps, positions in tuples and lists. */
  readonly path: readonly string[];
  readonly name: Term;
}

/** Most names that are taken out of one entry, and how deep they may stand. */
const MAXIMUM_NAMES = 1000;
const MAXIMUM_DEPTH = 8;

/** The URI whose value waits on a channel; `undefined` for other channels. */
export function uriOfSlot(channel: Term): string | undefined {
  if (channel.kind !== 'tuple' || channel.elements.length !== 2) return undefined;
  const [owner, uri] = channel.elements;
  return owner?.kind === 'unforgeable' && owner.id === 'registry' && uri?.kind === 'uri' ? uri.value : undefined;
}

/** The names in what stands under a URI. */
export function namesUnder(uri: string, data: readonly Term[]): readonly Registered[] {
  const found: Registered[] = [];
  const visit = (term: Term, path: readonly string[]): void => {
    if (found.length >= MAXIMUM_NAMES || path.length > MAXIMUM_DEPTH) return;
    switch (term.kind) {
      case 'unforgeable':
        found.push({ uri, path, name: term });
        break;
      case 'bundle':
        // Nobody can call through a bundle that does not let write.
        if (term.write) visit(term.body, path);
        break;
      case 'list':
      case 'tuple':
        term.elements.forEach((element, index) => {
          visit(element, [...path, String(index)]);
        });
        break;
      case 'map':
        for (const [key, value] of term.entries)
          visit(value, [...path, key.kind === 'string' ? key.value : printTerm(key)]);
        break;
      default:
        break;
    }
  };
  for (const value of data) {
    // An entry that was signed stands with its nonce.
    const signed = value.kind === 'tuple' && value.elements.length === 2 && value.elements[0]!.kind === 'integer';
    visit(signed ? value.elements[1]! : value, []);
  }
  return found;
}
