/**
 * A second explorer, slow and obvious, that shares nothing with the first but the reducer's evaluation of bodies: names are the reducer's own, states
 * are compared by trying every way to number their names, and nothing is remembered from one reduction to the next.
 */
import {
  channelKey,
  Evaluator,
  matchPattern,
  evaluateTerm,
  listTerm,
  nilTerm,
  printTerm,
  receiveOf,
  seedFromBytes,
  seedFromComm,
  sendOf,
  substitute,
  type Action,
  type Consume,
  type Datum,
  type Term,
} from '@commute/rholang';

/** Is told the names that processes make. */
let onNew: (place: Term, names: readonly Term[]) => void = () => undefined;

function evaluator(): Evaluator {
  return new Evaluator({ nameOf: () => undefined, locations: undefined, onNew: (place, names) => onNew(place, names) });
}

interface Message {
  readonly channel: Term;
  readonly datum: Datum;
}

interface World {
  readonly messages: readonly Message[];
  readonly receives: readonly Consume[];
  readonly failed: string | undefined;
}

export interface NaiveResult {
  /** Number of states that differ in more than names. */
  readonly states: number;
  /** Number of pairs of states with a reduction between them. */
  readonly transitions: number;
  /** Texts of the states in which nothing can reduce, sorted. */
  readonly terminal: readonly string[];
  /** Most reductions of a schedule; nothing if a schedule has no end. */
  readonly longest: number | undefined;
  /** Whether in some terminal state a receive that fires once waits. */
  readonly waiting: boolean;
  readonly failures: boolean;
}

const NAME = /Unforgeable\(0x([0-9a-f]+)\)/g;

/** Orders of `items`. */
function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, index) =>
    permutations(items.filter((_, other) => other !== index)).map((rest) => [item, ...rest]),
  );
}

/** Where each name comes from: which `new`, and which of its variables; or the same for all names. */
type OriginOf = (hex: string) => string;

/** The least text of a multiset of processes over all ways to number the names of each origin. */
function canonicalText(terms: readonly Term[], originOf: OriginOf): string {
  const texts = terms.map((term) => printTerm(term));
  const names = [...new Set(texts.flatMap((text) => [...text.matchAll(NAME)].map((match) => match[1]!)))];
  if (names.length > 6) throw new Error('too many names for the slow way');
  let least: string | undefined;
  for (const order of permutations(names)) {
    const number = new Map(order.map((name, index) => [name, `${originOf(name)}n${String(index)}`] as const));
    const renamed = texts.map((text) =>
      text
        .replace(NAME, (_, name: string) => number.get(name)!)
        // Parallel parts are sorted by their names' bytes: sort them by text.
        .replace(/\{([^{}]*)\}/g, (_, inner: string) => `{${inner.split(' | ').sort().join(' | ')}}`),
    );
    const text = renamed.sort().join('\n');
    if (least === undefined || text < least) least = text;
  }
  return least!;
}

function textOf(world: World, originOf: OriginOf): string {
  if (world.failed !== undefined) return `failed ${world.failed}`;
  const messages = world.messages.map(({ channel, datum }): Term => sendOf(channel, datum));
  return canonicalText([...messages, ...world.receives.map((one) => receiveOf(one))], originOf);
}

/** Adds what a process does; what arrives later meets, once, what all stays. */
function add(world: World, actions: readonly Action[]): World {
  let next = world;
  for (const action of actions) {
    if (next.failed !== undefined) return next;
    if (action.kind === 'produce') {
      const message = { channel: action.channel, datum: action.datum };
      next = { ...next, messages: [...next.messages, message] };
      if (!message.datum.persistent) continue;
      for (const consume of next.receives) {
        if (!consume.persistent) continue;
        for (const meeting of meetings(next, consume))
          if (meeting.messages.includes(message) && meeting.messages.every(({ datum }) => datum.persistent))
            next = run(next, consume, meeting);
      }
      continue;
    }
    const { consume } = action;
    const before = next;
    next = { ...next, receives: [...next.receives, consume] };
    if (!consume.persistent) continue;
    for (const meeting of meetings(before, consume))
      if (meeting.messages.every(({ datum }) => datum.persistent)) next = run(next, consume, meeting);
  }
  return next;
}

interface Meeting {
  readonly messages: readonly Message[];
  readonly bindings: readonly Term[];
}

/** Every choice of messages that matches. */
function meetings(world: World, consume: Consume): Meeting[] {
  const found: Meeting[] = [];
  const choose = (chosen: readonly Message[], bindings: readonly Term[]): void => {
    const bind = consume.binds[chosen.length];
    if (bind === undefined) {
      if (consume.guard !== undefined) {
        const value = evaluateTerm(substitute(consume.guard, bindings));
        if (!value.ok || value.value.kind !== 'boolean' || !value.value.value) return;
      }
      found.push({ messages: chosen, bindings });
      return;
    }
    for (const message of world.messages) {
      if (chosen.includes(message) || channelKey(message.channel) !== channelKey(bind.channel)) continue;
      const { data } = message.datum;
      const pattern = listTerm(bind.patterns, bind.remainder);
      const matched = matchPattern(pattern, listTerm(data));
      if (!matched.ok) continue;
      const values = Array.from({ length: bind.variables }, (_, index) => matched.bindings[index] ?? nilTerm());
      choose([...chosen, message], [...bindings, ...values]);
    }
  };
  choose([], []);
  return found;
}

function run(world: World, consume: Consume, { messages, bindings }: Meeting): World {
  if (consume.continuation.kind !== 'process') throw new Error('no system processes here');
  const { body, environment } = consume.continuation;
  const actions: Action[] = [];
  try {
    const seed = seedFromComm(
      consume.seed,
      messages.map(({ datum }) => datum.seed),
    );
    evaluator().actionsOf({ term: body, environment: [...environment, ...bindings], seed }, actions);
  } catch (error) {
    return { messages: [], receives: [], failed: (error as Error).message };
  }
  return add(world, actions);
}

function following(world: World): World[] {
  if (world.failed !== undefined) return [];
  return world.receives.flatMap((consume) =>
    meetings(world, consume)
      .filter(({ messages }) => !consume.persistent || messages.some(({ datum }) => !datum.persistent))
      .map((meeting) => {
        const used = meeting.messages.filter(({ datum }, index) => !datum.persistent && !consume.binds[index]!.peek);
        const left: World = {
          messages: world.messages.filter((message) => !used.includes(message)),
          receives: consume.persistent ? world.receives : world.receives.filter((one) => one !== consume),
          failed: undefined,
        };
        return run(left, consume, meeting);
      }),
  );
}

/**
 * Explores a closed program without system processes; nothing if it has more than `limit` states.
 *
 * @param byOrigin - true to tell names of different variables of `new` apart, even where all else is the same.
 */
export function exploreNaively(term: Term, limit: number, byOrigin: boolean): NaiveResult | undefined {
  const origins = new Map<string, string>();
  const places = new Map<Term, string>();
  onNew = (place, names) => {
    let origin = places.get(place);
    if (origin === undefined) places.set(place, (origin = `o${String(places.size)}`));
    names.forEach((name, index) => {
      const hex = /0x([0-9a-f]+)/.exec(printTerm(name))![1]!;
      origins.set(hex, `${origin}.${String(index)}`);
    });
  };
  const originOf: OriginOf = (hex) => (byOrigin ? origins.get(hex)! : '');
  const actions: Action[] = [];
  let start: World = { messages: [], receives: [], failed: undefined };
  try {
    evaluator().actionsOf({ term, environment: [], seed: seedFromBytes(new Uint8Array([1])) }, actions);
    start = add(start, actions);
  } catch (error) {
    start = { messages: [], receives: [], failed: (error as Error).message };
  }
  const next = new Map<string, ReadonlySet<string>>();
  const terminal: string[] = [];
  let waiting = false;
  let failures = false;
  const queue = [{ text: textOf(start, originOf), world: start }];
  const known = new Set([queue[0]!.text]);
  for (const { text, world } of queue) {
    if (known.size > limit) return undefined;
    if (world.failed !== undefined) failures = true;
    const targets = new Set<string>();
    for (const one of following(world)) {
      const target = textOf(one, originOf);
      targets.add(target);
      if (known.has(target)) continue;
      known.add(target);
      queue.push({ text: target, world: one });
    }
    next.set(text, targets);
    if (targets.size > 0) continue;
    terminal.push(text);
    if (world.receives.some(({ persistent }) => !persistent)) waiting = true;
  }
  let transitions = 0;
  for (const targets of next.values()) transitions += targets.size;
  return {
    states: known.size,
    transitions,
    terminal: terminal.sort(),
    longest: longest(next, queue[0]!.text),
    waiting,
    failures,
  };
}

function longest(next: ReadonlyMap<string, ReadonlySet<string>>, start: string): number | undefined {
  const done = new Map<string, number>();
  const open = new Set<string>();
  const visit = (state: string): number => {
    if (open.has(state)) throw new RangeError('a loop');
    const known = done.get(state);
    if (known !== undefined) return known;
    open.add(state);
    let most = 0;
    for (const target of next.get(state) ?? []) most = Math.max(most, 1 + visit(target));
    open.delete(state);
    done.set(state, most);
    return most;
  };
  try {
    return visit(start);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
