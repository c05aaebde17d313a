import { createMemoryKeyValue, decodeChannel, decodeItem, verifyStore, type KeyValueStore } from '@commute/rho-store';
import { printTerm } from '@commute/rholang';
import { expect } from 'vitest';
import { encodeCertificate, RhoNode, type Network, type NodeEvent, type NodeOptions } from '../src/index.ts';
import { hex, keyOf } from './keys.ts';

export { hex, keyOf, networkOf } from './keys.ts';

/** A node and everything that it told. */
export interface Watched {
  readonly node: RhoNode;
  readonly store: KeyValueStore;
  readonly events: NodeEvent[];
}

/** The node of a member, or with -1 one that follows. */
export function watched(
  network: Network,
  index: number,
  options: Partial<NodeOptions> = {},
  store: KeyValueStore = createMemoryKeyValue(),
): Watched {
  const key = index < 0 ? {} : { secretKey: keyOf(index) };
  // Nobody keeps the rounds that are needed, unless a test says so.
  const transfer = options.transfer === false ? false : { wait: 5, ...options.transfer };
  const node = new RhoNode({ store, network, ...key, now: () => 1_000_000, ...options, transfer });
  const events: NodeEvent[] = [];
  node.listen((event) => events.push(event));
  return { node, store, events };
}

export function eventsOf<K extends NodeEvent['kind']>({ events }: Watched, kind: K): Extract<NodeEvent, { kind: K }>[] {
  return events.filter((one): one is Extract<NodeEvent, { kind: K }> => one.kind === kind);
}

/** Passes on what each says to each other, at once. */
export function joined(nodes: readonly Watched[]): void {
  for (const one of nodes)
    one.node.listen((event) => {
      for (const two of nodes) {
        if (two === one) continue;
        if (event.kind === 'statement') two.node.receive(event.statement.bytes);
        if (event.kind === 'certificate') two.node.receiveCertificate(encodeCertificate(event.certificate));
      }
    });
}

/** A clock for nodes that is turned by hand. */
export class Clock {
  #time = 1_000_000;
  readonly now = (): number => this.#time;

  /** Lets time pass at some nodes. */
  pass(milliseconds: number, nodes: readonly Watched[]): void {
    this.#time += milliseconds;
    for (const one of nodes) one.node.tick();
  }
}

/** What waits at a node, as text. */
export function contentOf({ node }: { readonly node: Pick<RhoNode, 'space'> }): string[] {
  const { history } = node.space;
  const lines: string[] = [];
  for (const channel of history.channels())
    for (const { bytes } of history.items(channel)) {
      const item = decodeItem(bytes)!;
      const name = decodeChannel(channel)!;
      if (item.kind === 'message' && name.kind === 'string')
        lines.push(`${printTerm(name)}!(${item.datum.data.map((one) => printTerm(one)).join(', ')})`);
    }
  return lines.sort();
}

/** All nodes are in the same round with the same root, and their stores verify. */
export function expectSame(nodes: readonly Watched[], round: number): void {
  const { root } = nodes[0]!.node.status();
  for (const one of nodes) {
    expect(one.node.status()).toMatchObject({ round, equivocators: [] });
    expect(hex(one.node.status().root)).toBe(hex(root));
    expect(verifyStore(one.node.space.history).problems).toEqual([]);
  }
}

/** Waits until something holds; says what is in its way shortly before the test's own time is over. */
export async function until(condition: () => boolean, what: () => string, milliseconds = 250_000): Promise<void> {
  const end = Date.now() + milliseconds;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`did not come to pass: ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
