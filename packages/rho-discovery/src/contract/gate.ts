import { behindGate, type ReceiveTerm, type Term } from '@commute/rholang';

/** What waits behind a gate of metering, under its one variable; `undefined` for a receive that is no gate: tokens wait on a name that no program can write. */
export function behindTokenGate(receive: ReceiveTerm): readonly Term[] | undefined {
  return receive.binds[0]?.channel.kind === 'unforgeable' ? behindGate(receive) : undefined;
}
