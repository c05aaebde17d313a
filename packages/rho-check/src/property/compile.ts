import {
  booleanTerm,
  bundleTerm,
  findMeeting,
  mapParts,
  MatchBudgetError,
  matchPattern,
  normalize,
  parse,
  systemChannel,
  systemUri,
  TermDepthError,
  type Bind,
  type Consume,
  type Located,
  type NameNode,
  type ProcessNode,
  type Term,
} from '@commute/rholang';
import type { AtomId, AtomTable } from '../atoms.ts';
import type { Leaf, Origins } from '../names.ts';
import type { CheckDiagnostic } from '../report.ts';
import {
  propertyDiagnostic,
  PropertyError,
  readProperty,
  type Claim,
  type Declaration,
  type PropertySyntax,
  type Span,
  type StateFormula,
} from './syntax.ts';

/** What a property is compiled for. */
export interface PropertyContext {
  readonly table: AtomTable;
  readonly origins: Origins;
}

/** Decides one statement about states. */
export type StateTest = (atoms: readonly AtomId[], terminal: boolean) => boolean;

/** A property that can be decided. */
export interface CompiledProperty {
  readonly text: string;
  readonly kind: Claim['kind'];
  readonly state: StateTest;
  readonly then: StateTest | undefined;
}

/** Begins the URIs that stand for declared names until these are known. */
const MARK = 'commute:property:';
const at = { start: 0, end: 0 };

function quoteUri(value: string, place: Located): NameNode {
  return { kind: 'quote', process: { kind: 'uri', value, start: place.start, end: place.end }, ...place };
}

/** Replaces variables that a property declares, wherever they are used as names. */
function declaredNames<T>(node: T, names: ReadonlySet<string>): T {
  const visit = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(visit);
    const one = value as ProcessNode | NameNode;
    if (one.kind === 'name-variable' && names.has(one.name))
      return quoteUri(MARK + one.name, { start: one.start, end: one.end });
    if (one.kind === 'variable-reference' && one.of === 'name' && names.has(one.name))
      return { kind: 'uri', value: MARK + one.name, start: one.start, end: one.end };
    return Object.fromEntries(Object.entries(one).map(([key, part]) => [key, visit(part)]));
  };
  return visit(node) as T;
}

class Compiler {
  readonly #text: string;
  readonly #syntax: PropertySyntax;
  readonly #context: PropertyContext;
  readonly #names: ReadonlySet<string>;

  constructor(text: string, syntax: PropertySyntax, context: PropertyContext) {
    this.#text = text;
    this.#syntax = syntax;
    this.#context = context;
    this.#names = new Set(syntax.declarations.map(({ name }) => name));
    for (const { name, uri, at: place } of syntax.declarations) {
      if (uri !== undefined || context.origins.labels.includes(name)) continue;
      throw new PropertyError(
        `property: expected a variable of a \`new\` of the program, got \`${name}\``,
        place,
        [],
        'a property can speak of names that the program itself makes, and of URIs: new out(`rho:io:stdout`) in …',
      );
    }
  }

  compile(): CompiledProperty {
    const { claim } = this.#syntax;
    return {
      text: this.#text.trim(),
      kind: claim.kind,
      state: this.#test(claim.state),
      then: claim.kind === 'leads-to' ? this.#test(claim.then) : undefined,
    };
  }

  #test(formula: StateFormula): StateTest {
    switch (formula.kind) {
      case 'not': {
        const operand = this.#test(formula.operand);
        return (atoms, terminal) => !operand(atoms, terminal);
      }
      case 'and': {
        const [left, right] = [this.#test(formula.left), this.#test(formula.right)];
        return (atoms, terminal) => left(atoms, terminal) && right(atoms, terminal);
      }
      case 'or': {
        const [left, right] = [this.#test(formula.left), this.#test(formula.right)];
        return (atoms, terminal) => left(atoms, terminal) || right(atoms, terminal);
      }
      case 'implies': {
        const [left, right] = [this.#test(formula.left), this.#test(formula.right)];
        return (atoms, terminal) => !left(atoms, terminal) || right(atoms, terminal);
      }
      case 'terminal':
        return (_, terminal) => terminal;
      case 'pending':
      case 'waiting':
        return this.#onChannel(formula.kind, formula.name);
      case 'pattern':
        return this.#pattern(formula.pattern, formula.guard);
    }
  }

  /** Reads a piece of the property as Rholang, with places as in the property. */
  #parse({ start, end }: Span, suffix = ''): ProcessNode {
    const tree = parse(' '.repeat(start) + this.#text.slice(start, end) + suffix, { maximumErrors: 1 });
    if (tree.ok) return tree.process;
    const [first] = tree.diagnostics;
    throw new PropertyError(first!.message, first!, first!.expected, first!.hint);
  }

  #normalize(receive: ProcessNode): Term {
    const normal = normalize(declaredNames(receive, this.#names), { maximumErrors: 1 });
    if (normal.ok) return normal.term;
    const [first] = normal.diagnostics;
    throw new PropertyError(first!.message, first!, [], first!.hint);
  }

  #pattern(pattern: Span, guard: Span | undefined): StateTest {
    const tree = this.#parse(pattern);
    const parts = tree.kind === 'par' ? tree.parts : [tree];
    const process: ProcessNode = {
      kind: 'receive',
      receipts: [
        {
          kind: 'receipt',
          binds: parts.map((part, index) => ({
            kind: 'bind',
            names: [{ kind: 'quote', process: part, start: part.start, end: part.end }],
            remainder: undefined,
            mode: 'linear',
            source: {
              kind: 'name-source',
              name: { kind: 'quote', process: { kind: 'integer', value: BigInt(index), ...at }, ...at },
              ...at,
            },
            ...at,
          })),
          guard: guard === undefined ? undefined : this.#parse(guard),
          ...at,
        },
      ],
      body: { kind: 'nil', ...at },
      ...at,
    };
    const term = this.#normalize(process);
    if (term.kind !== 'receive') throw new Error('unreachable: a receive is a receive');
    const { binds } = term;
    const open = binds.find(
      (bind) => !['send', 'receive', 'free', 'wildcard', 'connective'].includes(bind.patterns[0]!.kind),
    );
    if (open !== undefined)
      throw new PropertyError('pattern: expected sends and receives, which are what waits in a state', pattern);
    const matchers = this.#instances(
      (names) =>
        new PatternMatcher(renamed(binds, names), term.guard && withNames(term.guard, names), this.#context.table),
    );
    return (atoms) => matchers(atoms, (matcher) => matcher.matches(atoms));
  }

  #onChannel(kind: 'pending' | 'waiting', name: Span): StateTest {
    const tree = this.#parse(name, '!()');
    if (tree.kind !== 'send') throw new PropertyError('property: expected a name', name);
    const term = this.#normalize(tree);
    if (term.kind !== 'send') throw new Error('unreachable: a send is a send');
    const { table } = this.#context;
    const channels = this.#instances((names) => table.channel(withNames(term.channel, names, true)));
    return (atoms) =>
      channels(atoms, (channel) =>
        atoms.some((id) => {
          const atom = table.get(id);
          return kind === 'pending' ? atom.channel === channel : atom.channels.includes(channel);
        }),
      );
  }

  /**
   * Makes something for each choice of names of the program for the declared variables, once, and tries all choices that a state offers.
   */
  #instances<T>(
    make: (names: ReadonlyMap<string, Term>) => T,
  ): (atoms: readonly AtomId[], test: (made: T) => boolean) => boolean {
    const { table, origins } = this.#context;
    const fixed = new Map<string, Term>();
    const open: Declaration[] = [];
    for (const one of this.#syntax.declarations) {
      if (one.uri === undefined) open.push(one);
      else fixed.set(MARK + one.name, systemChannel(one.uri));
    }
    const made = new Map<string, T>();
    const madeFor = (leaves: readonly Leaf[]): T => {
      const key = leaves.join();
      let one = made.get(key);
      if (one === undefined) {
        const names = new Map(fixed);
        open.forEach(({ name }, index) => names.set(MARK + name, table.names.term(leaves[index]!)));
        made.set(key, (one = make(names)));
      }
      return one;
    };
    if (open.length === 0) {
      const only = madeFor([]);
      return (_, test) => test(only);
    }
    return (atoms, test) => {
      const choices = open.map(({ name }) => namesOf(atoms, name, table, origins));
      const chosen: Leaf[] = [];
      const choose = (index: number): boolean => {
        if (index === open.length) return test(madeFor(chosen));
        return choices[index]!.some((leaf) => {
          chosen.push(leaf);
          const found = choose(index + 1);
          chosen.pop();
          return found;
        });
      };
      return choose(0);
    };
  }
}

/** The names in a state that a variable of the program was bound to. */
function namesOf(atoms: readonly AtomId[], label: string, table: AtomTable, origins: Origins): readonly Leaf[] {
  const found = new Set<Leaf>();
  for (const id of atoms) {
    for (const leaf of table.get(id).leaves) if (origins.labels[table.names.origin(leaf)] === label) found.add(leaf);
  }
  return [...found];
}

/** Puts names in the places that the property keeps for them; names of system processes are bundles where they are data. */
function withNames(term: Term, names: ReadonlyMap<string, Term>, asChannel = false): Term {
  if (term.kind === 'uri') {
    const name = names.get(term.value);
    if (name === undefined) return term;
    return systemUri(name) !== undefined && !asChannel ? bundleTerm(false, true, name) : name;
  }
  if (term.size <= 1) return term;
  return mapParts(term, (part, _, place) => withNames(part, names, place === 'channel'));
}

function renamed(binds: readonly Bind[], names: ReadonlyMap<string, Term>): readonly Bind[] {
  return binds.map((bind) => ({ ...bind, patterns: bind.patterns.map((pattern) => withNames(pattern, names)) }));
}

/** Finds processes of a state that match the parts of a pattern, each part another process. */
class PatternMatcher {
  readonly #table: AtomTable;
  readonly #consume: Consume;
  readonly #single: readonly Map<AtomId, boolean>[];
  readonly #guarded: boolean;

  constructor(binds: readonly Bind[], guard: Term | undefined, table: AtomTable) {
    this.#table = table;
    this.#guarded = guard !== undefined;
    this.#single = binds.map(() => new Map<AtomId, boolean>());
    this.#consume = {
      binds,
      variables: binds.reduce((sum, { variables }) => sum + variables, 0),
      // Parts must be different processes, which a search without a guard takes for granted.
      guard: guard ?? booleanTerm(true),
      persistent: false,
      continuation: { kind: 'system', uri: '' },
      seed: '',
      place: undefined,
      order: '',
    };
  }

  matches(atoms: readonly AtomId[]): boolean {
    const lists = this.#consume.binds.map((_, part) => atoms.filter((id) => this.#fits(part, id)));
    if (lists.some((list) => list.length === 0)) return false;
    if (lists.length === 1 && !this.#guarded) return true;
    const candidates = lists.map((list) => {
      const used = new Map<AtomId, number>();
      return list.map((id) => {
        const occurrence = used.get(id) ?? 0;
        used.set(id, occurrence + 1);
        return this.#table.whole(id, occurrence);
      });
    });
    return findMeeting(this.#consume, candidates, () => true) !== undefined;
  }

  #fits(part: number, id: AtomId): boolean {
    const fits = this.#single[part]!;
    let fit = fits.get(id);
    if (fit === undefined) {
      const { kind, term } = this.#table.get(id);
      fit = false;
      if (kind === 'send' || kind === 'receive' || kind === 'event') {
        const result = matchPattern(this.#consume.binds[part]!.patterns[0]!, term);
        if (!result.ok && result.reason === 'budget-exhausted') throw new MatchBudgetError();
        fit = result.ok;
      }
      fits.set(id, fit);
    }
    return fit;
  }
}

/** A property, or what is wrong with it. */
export type CompileResult =
  | { readonly ok: true; readonly property: CompiledProperty }
  | { readonly ok: false; readonly diagnostic: CheckDiagnostic };

/** Reads and compiles a property. */
export function compileProperty(text: string, file: string, context: PropertyContext): CompileResult {
  try {
    return { ok: true, property: new Compiler(text, readProperty(text), context).compile() };
  } catch (error) {
    if (error instanceof TermDepthError)
      return {
        ok: false,
        diagnostic: propertyDiagnostic(new PropertyError(error.message, { start: 0, end: text.length }), text, file),
      };
    if (error instanceof PropertyError) return { ok: false, diagnostic: propertyDiagnostic(error, text, file) };
    throw error;
  }
}
