import type { TracedComm } from '@commute/rho-store';
import { placeReport, placeText, readable, valueText, type ChannelNames, type PlaceReport } from './text.ts';

/** A reduction in JSON. */
export interface CommReport {
  /** Position of the deploy in the block. */
  readonly deploy: number;
  /** URI of the system process that received; null if a program did. */
  readonly system: string | null;
  /** Where the receive stands; null for system processes and where that is not known. */
  readonly receive: PlaceReport | null;
  readonly sends: readonly {
    readonly channel: string;
    /** What was sent, as Rholang prints it, shortened. */
    readonly values: readonly string[];
    /** True if the message is gone from its channel. */
    readonly removed: boolean;
    /** Where it was sent; null where that is not known. */
    readonly place: PlaceReport | null;
  }[];
}

/** A reduction for JSON. */
export function commReport(comm: TracedComm, names: ChannelNames): CommReport {
  return {
    deploy: comm.deploy,
    system: comm.system ?? null,
    receive: placeReport(comm.receive),
    sends: comm.messages.map(({ channel, data, removed, place }) => ({
      channel: names.text(channel),
      values: data.map((value) => valueText(value)),
      removed,
      place: placeReport(place),
    })),
  };
}

/** Reductions of programs for JSON, without those of metering. */
export function commReports(comms: readonly TracedComm[], names: ChannelNames): CommReport[] {
  return comms.flatMap((comm) => (comm.role === undefined ? [commReport(comm, names)] : []));
}

/** Reductions for people: two lines and more for each. */
export function describeComms(comms: readonly CommReport[], show: (text: string) => void): void {
  const write = (text: string): void => {
    show(readable(text));
  };
  for (const [index, { system, receive, sends }] of comms.entries()) {
    const to = system ?? placeText(receive);
    write(`${String(index + 1).padStart(4)}  ${sends.map(({ place }) => placeText(place)).join(', ')} -> ${to}`);
    for (const { channel, values, removed } of sends)
      write(`      ${channel}${removed ? '' : ' (stays)'}: ${values.join(', ')}`);
  }
}
