import { NodeArgumentError } from '../errors.ts';
import type { NamespaceHandle } from './namespace.ts';

/** How messages are exchanged. */
export interface ExchangeOptions {
  /** Most messages that are delivered in all; no bound unless told. Namespaces that answer each other for ever need one. */
  readonly maximumMessages?: number;
  /** Most messages of one commit; 1,000 unless told. */
  readonly parcel?: number;
  readonly signal?: AbortSignal;
  /** Is told how many messages were delivered so far. */
  readonly onProgress?: (delivered: number) => void;
}

/** What an exchange did. */
export interface ExchangeResult {
  readonly delivered: number;
  /** Messages that wait: for namespaces that were not given, or beyond the bound. */
  readonly waiting: number;
}

/**
 * Carries messages between namespaces, in this thread or in others, until none waits. May be broken off or killed anywhere and called again: what
 * was carried and not acknowledged is carried again, and passed over where it arrived already.
 *
 * @throws NodeArgumentError if two namespaces have one name, or a namespace does not take what another has for it. The reason of `signal`.
 */
export async function exchange(
  namespaces: readonly NamespaceHandle[],
  { maximumMessages = Infinity, parcel: most = 1000, signal, onProgress }: ExchangeOptions = {},
): Promise<ExchangeResult> {
  const byName = new Map(namespaces.map((one) => [one.name, one] as const));
  if (byName.size < namespaces.length) throw new NodeArgumentError('namespaces', 'distinct names', 'one name twice');
  let delivered = 0;
  for (let moved = true; moved && delivered < maximumMessages;) {
    moved = false;
    for (const from of namespaces) {
      for (const { to } of await from.waiting()) {
        const target = byName.get(to);
        if (target === undefined || delivered >= maximumMessages) continue;
        signal?.throwIfAborted();
        const parcel = await from.parcel(to, Math.min(most, maximumMessages - delivered));
        const result = await target.deliver(from.name, parcel);
        if (!result.ok)
          throw new NodeArgumentError('namespaces', `"${to}" to take messages of "${from.name}"`, result.reason);
        await from.acknowledge(to, result.through);
        delivered += parcel.messages.length;
        onProgress?.(delivered);
        moved = true;
      }
    }
  }
  let waiting = 0;
  for (const one of namespaces) for (const { count } of await one.waiting()) waiting += count;
  return { delivered, waiting };
}
