import {
  binaryTerm,
  bundleTerm,
  connectiveTerm,
  encodeTermBinary,
  evaluateTerm,
  listTerm,
  mapTerm,
  matchTerm,
  methodTerm,
  newTerm,
  parTerm,
  receiveTerm,
  sendTerm,
  setTerm,
  tupleTerm,
  unaryTerm,
  type OnCopy,
  type Term,
} from '@commute/rholang';

/** What a channel becomes under `depth` binders; `undefined` to leave it. */
export type RenameChannel = (key: string, depth: number) => Term | undefined;

/** The key of a closed value. */
function keyOf(value: Term): string {
  return encodeTermBinary(value);
}

/** The name that a closed channel is once it is evaluated; the channel itself if that fails, as the run then does. */
export function nameOf(channel: Term): Term {
  const result = evaluateTerm(channel);
  const name = result.ok ? result.value : channel;
  return name.kind === 'bundle' ? name.body : name;
}

/** The key under which {@link RenameChannel} is asked for a closed channel. */
export function channelKey(channel: Term): string {
  return keyOf(nameOf(channel));
}

/** Replaces closed channels wherever something is sent or received on them, also inside quoted processes and patterns. */
export function renameChannels(term: Term, depth: number, rename: RenameChannel, onCopy: OnCopy): Term {
  const one = (part: Term, more = 0): Term => renameChannels(part, depth + more, rename, onCopy);
  const channelOf = (channel: Term): Term => {
    if (channel.scope > 0 || channel.isPattern) return one(channel);
    return rename(channelKey(channel), depth) ?? one(channel);
  };
  const copied = (copy: Term): Term => {
    onCopy(term, copy);
    return copy;
  };
  switch (term.kind) {
    case 'par':
      return parTerm(term.parts.map((part) => one(part)));
    case 'send':
      return copied(
        sendTerm(
          channelOf(term.channel),
          term.data.map((datum) => one(datum)),
          term.persistent,
        ),
      );
    case 'receive': {
      const binds = term.binds.map((bind) => ({
        ...bind,
        channel: channelOf(bind.channel),
        patterns: bind.patterns.map((pattern) => one(pattern)),
      }));
      const guard = term.guard && one(term.guard, term.variables);
      return copied(receiveTerm(binds, one(term.body, term.variables), term.persistent, guard));
    }
    case 'new':
      return copied(newTerm(term.fresh, term.uris, one(term.body, term.fresh + term.uris.length)));
    case 'match': {
      const cases = term.cases.map(({ pattern, variables, guard, body }) => ({
        pattern: one(pattern),
        variables,
        guard: guard && one(guard, variables),
        body: one(body, variables),
      }));
      return copied(matchTerm(one(term.target), cases));
    }
    case 'bundle':
      return bundleTerm(term.read, term.write, one(term.body));
    case 'list':
      return listTerm(
        term.elements.map((element) => one(element)),
        term.remainder,
      );
    case 'set':
      return setTerm(
        term.elements.map((element) => one(element)),
        term.remainder,
      );
    case 'tuple':
      return tupleTerm(term.elements.map((element) => one(element)));
    case 'map':
      return mapTerm(
        term.entries.map(([key, value]) => [one(key), one(value)] as const),
        term.remainder,
      );
    case 'unary':
      return unaryTerm(term.operator, one(term.operand));
    case 'binary':
      return binaryTerm(term.operator, one(term.left), one(term.right));
    case 'method':
      return methodTerm(
        one(term.target),
        term.method,
        term.arguments.map((argument) => one(argument)),
      );
    case 'connective':
      return connectiveTerm(
        term.connective,
        term.operands.map((operand) => one(operand)),
      );
    default:
      return term;
  }
}

/** The closed channels on which a program sends or receives, and the closed values that it holds otherwise. */
export interface NameUses {
  readonly channels: ReadonlyMap<string, Term>;
  /** Keys of those on which something is sent. */
  readonly sends: ReadonlySet<string>;
  /** Keys of those on which something is received. */
  readonly receives: ReadonlySet<string>;
  readonly values: ReadonlySet<string>;
}

/** Collects how a program uses closed names. */
export function usesOf(program: Term): NameUses {
  const channels = new Map<string, Term>();
  const values = new Set<string>();
  const sends = new Set<string>();
  const receives = new Set<string>();
  const visit = (term: Term, uses?: Set<string>): void => {
    if (uses !== undefined && term.scope === 0 && !term.isPattern) {
      channels.set(channelKey(term), nameOf(term));
      uses.add(channelKey(term));
      return;
    }
    const all = (terms: readonly Term[]): void => {
      for (const one of terms) visit(one);
    };
    switch (term.kind) {
      case 'par':
        all(term.parts);
        break;
      case 'send':
        visit(term.channel, sends);
        all(term.data);
        break;
      case 'receive':
        for (const { channel, patterns } of term.binds) {
          visit(channel, receives);
          all(patterns);
        }
        all(term.guard === undefined ? [term.body] : [term.guard, term.body]);
        break;
      case 'new':
      case 'bundle':
        visit(term.body);
        break;
      case 'match':
        visit(term.target);
        for (const { pattern, guard, body } of term.cases)
          all(guard === undefined ? [pattern, body] : [pattern, guard, body]);
        break;
      case 'list':
      case 'set':
      case 'tuple':
        values.add(keyOf(term));
        all(term.elements);
        break;
      case 'map':
        values.add(keyOf(term));
        all(term.entries.flat());
        break;
      case 'unary':
        visit(term.operand);
        break;
      case 'binary':
        all([term.left, term.right]);
        break;
      case 'method':
        all([term.target, ...term.arguments]);
        break;
      case 'connective':
        all(term.operands);
        break;
      case 'boolean':
      case 'integer':
      case 'big-integer':
      case 'string':
      case 'uri':
      case 'bytes':
      case 'unforgeable':
        values.add(keyOf(term));
        break;
      default:
        break;
    }
  };
  visit(program);
  return { channels, sends, receives, values };
}
