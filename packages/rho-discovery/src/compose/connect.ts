import { TermDepthError, type ListTerm, type PlaceFields, type Term } from '@commute/rholang';
import type { ContractInterface, RequiredCall } from '../contract/interface.ts';
import { anyOf } from '../subsume/pattern.ts';
import { overlaps, subsumes } from '../subsume/subsumes.ts';
import type { LoadedPart } from './compose.ts';
import { channelKey } from './rename.ts';
import type { Wiring } from './wiring.ts';

/** How a call stands to what receives on its channel. */
export interface Connection {
  /** Name of the part that calls. */
  readonly part: string;
  /** The channel in that part. */
  readonly channel: Term;
  /** Describes the messages. */
  readonly message: ListTerm;
  readonly place: PlaceFields | undefined;
  /** Names of the parts that receive there. */
  readonly receivers: readonly string[];
  /** `yes` if every message is accepted, `no` if none is, `unknown` if that is not shown. */
  readonly accepted: 'yes' | 'no' | 'unknown';
  /** A message that the call may send and that is not accepted. */
  readonly witness: Term | undefined;
  /** The same of the answers of the contracts that may take the call: `yes` too if the caller waits for none. */
  readonly answers: 'yes' | 'no' | 'unknown';
}

interface Receiver {
  readonly part: string;
  readonly message: ListTerm;
  /** True if it may turn down what its pattern accepts. */
  readonly conditional: boolean;
  readonly contract: ContractInterface | undefined;
}

type Verdict = 'yes' | 'no' | 'unknown';

/** Who receives on the channels of a composite. */
interface Receivers {
  readonly byChannel: ReadonlyMap<number, readonly Receiver[]>;
  readonly wiring: Wiring;
}

function receiversOf(parts: readonly LoadedPart[], wiring: Wiring): ReadonlyMap<number, readonly Receiver[]> {
  const byChannel = new Map<number, Receiver[]>();
  const add = (part: string, name: Term, receiver: Omit<Receiver, 'part'>): void => {
    const number = wiring.numberOf(part, channelKey(name));
    if (number === undefined) return;
    byChannel.set(number, [...(byChannel.get(number) ?? []), { part, ...receiver }]);
  };
  for (const { name: part, interface: own } of parts) {
    for (const contract of own.contracts) {
      const { channel, message, guarded, joined } = contract;
      if (channel.kind === 'public') add(part, channel.name, { message, conditional: guarded || joined, contract });
    }
    for (const { channel, message } of own.takes)
      if (channel.kind === 'public') add(part, channel.name, { message, conditional: false, contract: undefined });
  }
  return byChannel;
}

/** Whether a call is accepted by one of the receivers. */
function acceptance(
  message: ListTerm,
  receivers: readonly Receiver[],
): { readonly accepted: Verdict; readonly witness: Term | undefined } {
  try {
    return acceptanceOf(message, receivers);
  } catch (error) {
    // Several patterns together are nested one level deeper than each.
    if (error instanceof TermDepthError) return { accepted: 'unknown', witness: undefined };
    throw error;
  }
}

function acceptanceOf(
  message: ListTerm,
  receivers: readonly Receiver[],
): { readonly accepted: Verdict; readonly witness: Term | undefined } {
  const sure = receivers.filter(({ conditional }) => !conditional);
  const overall = subsumes(anyOf(receivers.map((one) => one.message)), message);
  if (overall.verdict === 'yes') {
    const accepted = sure.length > 0 && subsumes(anyOf(sure.map((one) => one.message)), message).verdict === 'yes';
    return { accepted: accepted ? 'yes' : 'unknown', witness: undefined };
  }
  const none = receivers.every((one) => overlaps(one.message, message).verdict === 'no');
  const witness = overall.verdict === 'no' ? overall.witness : undefined;
  return { accepted: none ? 'no' : 'unknown', witness };
}

/** What may be answered on a part of the message of a contract, also by the contracts of the composite that it is passed to. */
function answersOf(
  { part, contract }: Receiver,
  argument: number,
  composite: Receivers,
  seen: Set<string>,
): { readonly messages: readonly ListTerm[]; readonly complete: boolean } {
  if (contract === undefined || argument >= contract.arity) return { messages: [], complete: false };
  const key = `${part} ${contract.hash} ${String(argument)}`;
  if (seen.has(key)) return { messages: [], complete: true };
  seen.add(key);
  const reply = contract.replies.find((one) => one.argument === argument);
  const messages = [...(reply?.messages ?? [])];
  const passes = contract.passes.filter((one) => one.argument === argument);
  if (reply?.nested === true || contract.forwarded.includes(argument)) return { messages, complete: false };
  // What a reply leaves open beside these passes is not followed.
  let complete = passes.length > 0 || reply?.complete === true;
  for (const { channel, position } of passes) {
    const number = composite.wiring.numberOf(part, channelKey(channel.name));
    const isPrivate = number !== undefined && composite.wiring.channels[number]!.hidden;
    complete &&= isPrivate;
    if (!isPrivate) continue;
    for (const receiver of composite.byChannel.get(number) ?? []) {
      // A name that a remainder takes is inside a list, where it is not followed.
      const { elements, remainder } = receiver.message;
      complete &&= position < elements.length || remainder === undefined;
      const more = answersOf(receiver, position, composite, seen);
      messages.push(...more.messages);
      complete &&= more.complete;
    }
  }
  return { messages, complete };
}

/** Whether a caller takes what the contracts that may take its call answer. */
function answersTaken(
  { message, answers }: RequiredCall,
  receivers: readonly Receiver[],
  composite: Receivers,
): Verdict {
  let worst: Verdict = 'yes';
  for (const { argument, patterns } of answers) {
    const wanted = anyOf(patterns);
    for (const receiver of receivers) {
      if (receiver.contract === undefined || overlaps(receiver.message, message).verdict === 'no') continue;
      const { messages, complete } = answersOf(receiver, argument, composite, new Set());
      if (!complete || messages.length === 0) worst = 'unknown';
      for (const answer of messages) {
        if (subsumes(wanted, answer).verdict === 'yes') continue;
        if (overlaps(wanted, answer).verdict === 'no') return 'no';
        worst = 'unknown';
      }
    }
  }
  return worst;
}

/** How the calls of all parts stand, and those that leave the composite. */
export function connectionsOf(
  parts: readonly LoadedPart[],
  wiring: Wiring,
): {
  readonly connections: readonly Connection[];
  readonly open: readonly (RequiredCall & { readonly part: string })[];
} {
  const receivers = receiversOf(parts, wiring);
  const connections: Connection[] = [];
  const open: (RequiredCall & { readonly part: string })[] = [];
  for (const { name: part, interface: own } of parts) {
    for (const call of own.calls) {
      const number = call.channel.kind === 'public' ? wiring.numberOf(part, channelKey(call.channel.name)) : undefined;
      const heard = number === undefined ? [] : (receivers.get(number) ?? []);
      if (call.channel.kind !== 'public' || number === undefined) {
        open.push({ ...call, part });
        continue;
      }
      const { hidden } = wiring.channels[number]!;
      if (heard.length === 0 && !hidden) {
        open.push({ ...call, part });
        continue;
      }
      const { accepted, witness } =
        heard.length === 0 ? { accepted: 'no' as const, witness: undefined } : acceptance(call.message, heard);
      connections.push({
        part,
        channel: call.channel.name,
        message: call.message,
        place: call.place,
        receivers: [...new Set(heard.map((one) => one.part))],
        // Where others may receive too, nothing is sure to stay unheard.
        accepted: accepted === 'no' && !hidden ? 'unknown' : accepted,
        witness,
        answers: answersTaken(call, heard, { byChannel: receivers, wiring }),
      });
    }
  }
  return { connections, open };
}
