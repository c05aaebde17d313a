import type { Term } from '@commute/rholang';
import { channelKey, type NameUses } from './rename.ts';

/** A channel of a part. */
export interface PartChannel {
  /** Name of the part. */
  readonly part: string;
  /** A closed name that anybody can write down. */
  readonly channel: Term;
}

/** Says that what one part sends or receives on a channel goes to another channel. */
export interface Wire {
  readonly from: PartChannel;
  readonly to: PartChannel;
}

/** Channels of parts that are one channel of the composite. */
export interface SharedChannel {
  /** The name that it has if it stays public. */
  readonly name: Term;
  /** Names of the parts that use it, in the order of the parts. */
  readonly parts: readonly string[];
  /** True if it is private to the composite. */
  readonly hidden: boolean;
}

/** What is wrong with a wiring. */
export interface WiringProblem {
  readonly reason: 'unknown-part' | 'unknown-channel' | 'wired-twice';
  readonly channel: PartChannel;
}

/** Channels by part and key. */
export class Wiring {
  readonly channels: readonly SharedChannel[];
  readonly problems: readonly WiringProblem[];
  readonly #byUse: ReadonlyMap<string, number>;

  /**
   * Joins channels: those of equal name, except where a wire says otherwise.
   *
   * @param expose - names that stay public.
   */
  constructor(
    parts: readonly { readonly name: string; readonly uses: NameUses }[],
    wires: readonly Wire[],
    expose: readonly Term[],
  ) {
    const problems: WiringProblem[] = [];
    const uses = new Map(parts.map(({ name, uses: own }) => [name, own] as const));
    const target = new Map<string, PartChannel>();
    const check = (channel: PartChannel, mustBeUsed: boolean): boolean => {
      const own = uses.get(channel.part);
      if (own === undefined) problems.push({ reason: 'unknown-part', channel });
      else if (mustBeUsed && !own.channels.has(channelKey(channel.channel)))
        problems.push({ reason: 'unknown-channel', channel });
      else return true;
      return false;
    };
    for (const { from, to } of wires) {
      if (!check(from, true) || !check(to, true)) continue;
      const key = useKey(from);
      if (target.has(key)) problems.push({ reason: 'wired-twice', channel: from });
      else target.set(key, to);
    }
    const exposed = new Set(expose.map(channelKey));
    const groups = new Map<string, { name: Term; parts: string[]; wired: boolean; sent: boolean; received: boolean }>();
    const byUse = new Map<string, string>();
    for (const { name: part, uses: own } of parts) {
      for (const [key, channel] of own.channels) {
        if (!isPublic(channel)) continue;
        const { name, wired, group } = resolve({ part, channel }, target);
        const known = groups.get(group) ?? { name, parts: [], wired: false, sent: false, received: false };
        groups.set(group, known);
        if (!known.parts.includes(part)) known.parts.push(part);
        known.wired ||= wired;
        known.sent ||= own.sends.has(key);
        known.received ||= own.receives.has(key);
        byUse.set(`${part}\n${key}`, group);
      }
    }
    const order = [...groups].sort(([left], [right]) => (left < right ? -1 : 1));
    this.channels = order.map(([, { name, parts: users, wired, sent, received }]) => ({
      name,
      parts: users,
      // What all parts only send, or only receive, is between them and others.
      hidden: (users.length > 1 || wired) && sent && received && !exposed.has(channelKey(name)),
    }));
    const numbers = new Map(order.map(([group], index) => [group, index] as const));
    this.#byUse = new Map([...byUse].map(([use, group]) => [use, numbers.get(group)!] as const));
    this.problems = problems;
  }

  /** Which channel of the composite a closed channel of a part is; `undefined` for names that are not public. */
  numberOf(part: string, key: string): number | undefined {
    return this.#byUse.get(`${part}\n${key}`);
  }
}

function useKey({ part, channel }: PartChannel): string {
  return `${part}\n${channelKey(channel)}`;
}

function isPublic(channel: Term): boolean {
  return channel.kind !== 'unforgeable';
}

/** Follows wires to the end; a circle of wires is a channel of its own. */
function resolve(
  start: PartChannel,
  target: ReadonlyMap<string, PartChannel>,
): { readonly name: Term; readonly wired: boolean; readonly group: string } {
  const seen = new Set<string>();
  let at = start;
  for (let next = target.get(useKey(at)); next !== undefined; next = target.get(useKey(at))) {
    if (seen.has(useKey(at))) {
      const smallest = [...seen].sort()[0]!;
      return { name: at.channel, wired: true, group: `own ${smallest}` };
    }
    seen.add(useKey(at));
    at = next;
  }
  return { name: at.channel, wired: seen.size > 0, group: `name ${channelKey(at.channel)}` };
}
