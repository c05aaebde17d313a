import {
  compareTerms,
  countTokens,
  createRuntime,
  equalTerms,
  meterProgram,
  MemorySpace,
  normalize,
  parse,
  printTerm,
  receiveOf,
  sendOf,
  tokenChannel,
  tokenStack,
  type Comm,
  type Located,
  type ReceiveTerm,
  type Term,
} from '../src/index.ts';

/** The normal form of a program that is known to be good. */
export function read(source: string): { readonly term: Term; readonly locations: ReadonlyMap<Term, Located> } {
  const tree = parse(source);
  if (!tree.ok) throw new Error(tree.diagnostics[0]!.message);
  const normal = normalize(tree.process, { source });
  if (!normal.ok) throw new Error(normal.diagnostics[0]!.message);
  return normal;
}

export const channel: Term = tokenChannel(new Uint8Array([7]));

/** Puts gates into a closed term. */
export function metered(term: Term): Term {
  const result = meterProgram(term, { channel });
  if (!result.ok) throw new Error(result.message);
  return result.term;
}

/** What runs came to. */
export interface End {
  readonly ok: boolean;
  readonly output: readonly string[];
  readonly comms: number;
  /** Tokens that COMMs took less those that they gave back. */
  readonly spent: bigint;
  /** Number of gates that were passed. */
  readonly gates: number;
  readonly left: bigint;
  /** What waits, but for tokens and relays to system processes. */
  readonly waits: readonly Term[];
  readonly space: MemorySpace;
}

/** Runs terms one after the other on one space. */
export function runAll(terms: readonly Term[], maximumComms = 3000): End {
  const space = new MemorySpace();
  const runtime = createRuntime({ space });
  const output: string[] = [];
  let comms = 0;
  let gates = 0;
  let put = 0n;
  let ok = true;
  const onComm = (comm: Comm): void => {
    if (comm.used.some((one) => equalTerms(one.channel, channel))) gates += 1;
  };
  for (const [index, term] of terms.entries()) {
    if (term.kind === 'send' && equalTerms(term.channel, channel)) put += countTokens([term]);
    const result = runtime.run(term, { seed: new Uint8Array([index]), maximumComms, onComm, keepOnFailure: true });
    output.push(...result.output.map(({ text }) => text));
    comms += result.comms;
    ok &&= result.ok;
  }
  let left = 0n;
  const waits: Term[] = [];
  const seen = new Set<string>();
  for (const row of space.entries()) {
    if (equalTerms(row.channel, channel)) left += countTokens(row.data);
    else for (const datum of row.data) waits.push(sendOf(row.channel, datum));
    for (const consume of row.waiting) {
      if (consume.continuation.kind === 'system' || seen.has(consume.seed)) continue;
      seen.add(consume.seed);
      waits.push(receiveOf(consume));
    }
  }
  const kept = waits.filter((term) => !isRelay(term)).sort(compareTerms);
  return { ok, output: output.sort(), comms, spent: put - left, gates, left, waits: kept, space };
}

/** True if a receive waits for a token. */
export function isGate(term: Term): term is ReceiveTerm {
  return term.kind === 'receive' && term.binds.some((bind) => equalTerms(bind.channel, channel));
}

/** Only a relay has a gate that passes on to a name of the system: programs reach those through private names. */
function isRelay(term: Term): boolean {
  if (term.kind !== 'receive' || !term.persistent || !isGate(term.body)) return false;
  const inside = term.body.body;
  return (
    inside.kind === 'par' &&
    inside.parts.some(
      (part) =>
        part.kind === 'send' &&
        part.channel.kind === 'bundle' &&
        part.channel.body.kind === 'unforgeable' &&
        part.channel.body.id.startsWith('system:'),
    )
  );
}

/** Tokens of a supply, as one stack. */
export function supply(tokens: bigint): Term {
  return tokenStack(channel, tokens);
}

const NAME = /Unforgeable\(0x[0-9a-f]*\)/g;

/** Replaces the names in the text of a term and brings it into normal form again. */
function renamed(text: string, name: (old: string) => string): string {
  return printTerm(read(text.replace(NAME, (old) => `"<${name(old)}>"`)).term);
}

/**
 * Closed terms as texts in which each unforgeable name is replaced by what can be said of it without its bytes: the places where it stands, refined three
 * times. Terms that are equal up to the choice of names give equal texts.
 */
export function withoutNames(terms: readonly Term[]): string[] {
  const texts = terms.map((term) => printTerm(term));
  const namesOf = texts.map((text) => new Set(text.match(NAME)));
  let colours = new Map<string, string>();
  for (let round = 0; round < 3; round += 1) {
    const views = new Map<string, string[]>();
    texts.forEach((text, index) => {
      for (const name of namesOf[index]!) {
        const view = renamed(text, (old) => (old === name ? 'self' : (colours.get(old) ?? '')));
        views.set(name, [...(views.get(name) ?? []), view]);
      }
    });
    const all = new Map([...views].map(([name, seen]) => [name, seen.sort().join('\n')] as const));
    const ranks = [...new Set(all.values())].sort();
    colours = new Map([...all].map(([name, seen]) => [name, String(ranks.indexOf(seen))] as const));
  }
  return texts.map((text) => renamed(text, (old) => colours.get(old)!)).sort();
}
