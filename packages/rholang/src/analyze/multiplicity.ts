import { FlowBudgetExhausted, type Flow } from './flow.ts';
import type { ReceiveNode, SendNode } from './graph.ts';

/** Why something may happen without bound. */
export type LoopReason =
  /** A repeated receive whose body leads to itself again. */
  | 'recursion'
  /** A repeated receive on a name that others can send on. */
  | 'open-receive';

/** How often something happens at most. */
export type Count =
  | { readonly bounded: true; readonly count: bigint }
  | { readonly bounded: false; readonly reason: LoopReason; readonly at: ReceiveNode };

/** Longest chain of repeated receives that lead to each other. */
const MAXIMUM_CHAIN = 1000;

/** How often the repeated receives of a program fire at most. */
export class Multiplicity {
  readonly #flow: Flow;
  readonly #firings = new Map<ReceiveNode, Count>();
  readonly #open = new Set<ReceiveNode>();

  constructor(flow: Flow) {
    this.#flow = flow;
  }

  /** How often a process under `owner` is run at most. */
  of(owner: ReceiveNode | undefined): Count {
    return owner === undefined ? { bounded: true, count: 1n } : this.firings(owner);
  }

  /** How often a repeated receive fires at most, taken over all its copies. */
  firings(node: ReceiveNode): Count {
    const known = this.#firings.get(node);
    if (known !== undefined) return known;
    if (this.#open.has(node)) return { bounded: false, reason: 'recursion', at: node };
    if (this.#open.size >= MAXIMUM_CHAIN) throw new FlowBudgetExhausted();
    this.#open.add(node);
    const count = this.#count(node);
    this.#open.delete(node);
    this.#firings.set(node, count);
    return count;
  }

  #count(node: ReceiveNode): Count {
    if (!this.#flow.receives.has(node)) return { bounded: true, count: 0n };
    const copies = this.of(node.owner);
    if (!copies.bounded) return copies;
    // A firing uses up a linear message, or is the one firing of its combination of messages that all stay. Those that are peeked at stay.
    let linear = 0n;
    let staying = copies.count;
    let least: bigint | undefined;
    for (const bind of node.binds) {
      const channels = this.#flow.resolve(bind.channel);
      if (this.#flow.isPublic(channels)) return { bounded: false, reason: 'open-receive', at: node };
      const sends = this.#flow.sendsTo(channels, bind.bind).map((meeting) => meeting.node);
      const stays = ({ term }: SendNode): boolean => term.persistent || bind.bind.peek;
      const once = this.#sum(sends.filter((send) => !stays(send)));
      const stay = this.#sum(sends.filter(stays));
      if (typeof once !== 'bigint') return once;
      if (typeof stay !== 'bigint') return stay;
      if (stay === 0n && (least === undefined || once < least)) least = once;
      linear += once;
      staying *= stay;
    }
    return { bounded: true, count: least ?? linear + staying };
  }

  #sum(sends: readonly SendNode[]): bigint | Count {
    let sum = 0n;
    for (const send of sends) {
      const count = this.of(send.owner);
      if (!count.bounded) return count;
      sum += count.count;
    }
    return sum;
  }
}
