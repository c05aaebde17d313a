import { listTerm, matchPattern, printTerm, uriTerm, type ListTerm, type Term } from '@commute/rholang';
import type { ContractChannel, ContractInterface } from '../contract/interface.ts';
import { anyOf } from '../subsume/pattern.ts';
import { overlaps, subsumes } from '../subsume/subsumes.ts';
import type { ContractQuery, WantedReply } from './query.ts';

/** What a verdict is about. */
export type AspectName = 'channel' | 'arguments' | 'guard' | 'join' | 'reply' | 'cost' | 'property';

/** How a contract stands in one respect, and why. */
export interface Aspect {
  readonly aspect: AspectName;
  readonly verdict: 'yes' | 'no' | 'unknown';
  /** One sentence. */
  readonly reason: string;
  /** A message that the caller may send and the contract does not take, or an answer that the caller does not take. */
  readonly witness: Term | undefined;
}

/** Longest text of a term in a reason. */
const MAXIMUM_TEXT = 120;
const MAXIMUM_PRINTED = 2000;

/** A term for a reason. */
export function brief(term: Term): string {
  if (term.size > MAXIMUM_PRINTED) return `… (${term.kind} of ${String(term.size)} nodes)`;
  const text = printTerm(term).replaceAll(/\s+/g, ' ');
  return text.length <= MAXIMUM_TEXT ? text : `${text.slice(0, MAXIMUM_TEXT)}…`;
}

/** The parts of a message for a reason. */
function parts(term: Term): string {
  const text = brief(term);
  return term.kind === 'list' && text.startsWith('[')
    ? `(${text.slice(1, text.endsWith(']') ? -1 : undefined)})`
    : text;
}

/** A channel for people. */
export function channelText(channel: ContractChannel): string {
  switch (channel.kind) {
    case 'public':
      return `@${brief(channel.name)}`;
    case 'registry':
      return `\`${channel.uri}\`${channel.path.map((one) => `.${one}`).join('')}`;
    case 'unforgeable':
      return `@${brief(channel.name)}`;
    case 'private':
      return `private name ${String(channel.id)}`;
    case 'uri':
      return `\`${channel.uri}\``;
    case 'received':
      return 'a received name';
  }
}

/** Says why; without, a verdict costs no more than the decision. */
type Reason = () => string;

/** Makes verdicts with their reasons, or without. */
class Judge {
  readonly #explains: boolean;

  constructor(explains: boolean) {
    this.#explains = explains;
  }

  #aspect(aspect: AspectName, verdict: Aspect['verdict'], reason: Reason, witness?: Term): Aspect {
    return { aspect, verdict, reason: this.#explains ? reason() : '', witness };
  }

  readonly yes = (aspect: AspectName, reason: Reason): Aspect => this.#aspect(aspect, 'yes', reason);
  readonly no = (aspect: AspectName, reason: Reason, witness?: Term): Aspect =>
    this.#aspect(aspect, 'no', reason, witness);
  readonly unknown = (aspect: AspectName, reason: Reason): Aspect => this.#aspect(aspect, 'unknown', reason);
}

const EXPLAINING = new Judge(true);
const SILENT = new Judge(false);

/** How the channel stands. */
function judgeChannel({ yes, no }: Judge, channel: ContractChannel, wanted: Term): Aspect {
  const name =
    channel.kind === 'registry' || channel.kind === 'uri'
      ? uriTerm(channel.uri)
      : channel.kind === 'public' || channel.kind === 'unforgeable'
        ? channel.name
        : undefined;
  const text = (): string => channelText(channel);
  if (name === undefined) return no('channel', () => `${text()} is no name that a caller can write down`);
  return matchPattern(wanted, name).ok
    ? yes('channel', () => `${text()} is what is asked for`)
    : no('channel', () => `expected @${brief(wanted)}, got ${text()}`);
}

/** How the patterns stand to the messages that the caller may send, and what else may keep them from being taken. */
function judgeMessage(
  judge: Judge,
  contract: Pick<ContractInterface, 'message' | 'guarded' | 'joined'>,
  wanted: ListTerm,
): readonly Aspect[] {
  const aspects = [accepts(judge, contract.message, wanted)];
  if (contract.guarded) aspects.push(judge.unknown('guard', () => 'a `where` may turn messages down'));
  if (contract.joined) aspects.push(judge.unknown('join', () => 'it waits for messages on other channels too'));
  return aspects;
}

/** Whether a pattern takes all messages that a caller may send. */
function accepts({ yes, no, unknown }: Judge, message: ListTerm, wanted: ListTerm): Aspect {
  const result = subsumes(message, wanted);
  switch (result.verdict) {
    case 'yes':
      return yes('arguments', () => `${parts(message)} takes all of ${parts(wanted)}`);
    case 'no': {
      const count = wanted.remainder === undefined ? wanted.elements.length : undefined;
      const other = message.remainder === undefined ? message.elements.length : undefined;
      if (count !== undefined && other !== undefined && count !== other)
        return no('arguments', () => `expected ${String(count)} parts, got ${String(other)}`, result.witness);
      return no('arguments', () => `${parts(message)} does not take ${parts(result.witness)}`, result.witness);
    }
    case 'unknown':
      return unknown(
        'arguments',
        () => `whether ${parts(message)} takes all of ${parts(wanted)} is not decided: ${result.reason}`,
      );
  }
}

/** How the answers stand. */
function judgeReply(
  { yes, no, unknown }: Judge,
  { arity, replies, forwarded, passes }: Pick<ContractInterface, 'arity' | 'replies' | 'forwarded' | 'passes'>,
  { argument, messages }: WantedReply,
): Aspect {
  const place = `part ${String(argument + 1)}`;
  if (argument >= arity) return unknown('reply', () => `${place} is taken together with the rest`);
  const reply = replies.find((one) => one.argument === argument && !one.nested);
  if (reply === undefined) {
    return forwarded.includes(argument) || passes.some((pass) => pass.argument === argument)
      ? unknown('reply', () => `${place} is handed on, and others may answer`)
      : no('reply', () => `nothing is sent on ${place}`);
  }
  const wanted = anyOf(messages);
  let decided = true;
  for (const message of reply.messages) {
    if (subsumes(wanted, message).verdict === 'yes') continue;
    decided = false;
    const common = overlaps(wanted, message);
    if (common.verdict === 'no')
      return no('reply', () => `answers ${parts(message)} on ${place}`, listTerm(message.elements));
  }
  const texts = (): string => reply.messages.map(parts).join(' or ');
  if (!reply.complete) return unknown('reply', () => `answers ${texts()} on ${place}, which is also handed on`);
  if (!decided) return unknown('reply', () => `answers ${texts()} on ${place}, some of which may not be wanted`);
  const often = reply.least > 0 ? 'always' : 'at some time, or never';
  return yes('reply', () => `answers ${texts()} on ${place}, ${often}`);
}

/** How the cost stands. */
function judgeCost({ yes, no, unknown }: Judge, { cost }: Pick<ContractInterface, 'cost'>, most: bigint): Aspect {
  if (cost.kind === 'unbounded') return unknown('cost', () => `no bound is known: ${cost.reason}`);
  const { tokens } = cost;
  const text = (): string => `a call takes at most ${String(tokens)} tokens in the contract itself`;
  return tokens <= most ? yes('cost', text) : no('cost', () => `${text()}, expected at most ${String(most)}`);
}

/** How a property stands. */
function judgeProperty(
  { yes, no, unknown }: Judge,
  { properties }: Pick<ContractInterface, 'properties'>,
  name: string,
): Aspect {
  const verdicts = properties.filter((one) => one.name === name).map(({ verdict }) => verdict);
  if (verdicts.length === 0) return unknown('property', () => `${name} was not checked`);
  if (verdicts.includes('fails')) return no('property', () => `${name} fails`);
  return verdicts.includes('unknown')
    ? unknown('property', () => `${name} is not decided`)
    : yes('property', () => `${name} holds`);
}

/** How a contract stands in all respects of a query, with reasons. */
export function judge(contract: ContractInterface, query: ContractQuery): readonly Aspect[] {
  const { channel, message, replies = [], maximumCost, properties = [] } = query;
  return [
    ...(channel === undefined ? [] : [judgeChannel(EXPLAINING, contract.channel, channel)]),
    ...(message === undefined ? [] : judgeMessage(EXPLAINING, contract, message)),
    ...replies.map((one) => judgeReply(EXPLAINING, contract, one)),
    ...(maximumCost === undefined ? [] : [judgeCost(EXPLAINING, contract, maximumCost)]),
    ...properties.map((name) => judgeProperty(EXPLAINING, contract, name)),
  ];
}

/** The verdict on what contracts with equal patterns and answers share. */
export function sharedVerdict(
  contract: ContractInterface,
  { message, replies = [] }: ContractQuery,
): Aspect['verdict'] {
  const accepted = message === undefined ? 'yes' : worst(judgeMessage(SILENT, contract, message));
  if (accepted === 'no') return 'no';
  return worst([{ verdict: accepted }, ...replies.map((one) => judgeReply(SILENT, contract, one))]);
}

/** The verdict on what is a contract's own: channel, cost and properties. */
export function ownVerdict(contract: ContractInterface, query: ContractQuery): Aspect['verdict'] {
  const { channel, maximumCost, properties = [] } = query;
  return worst([
    ...(channel === undefined ? [] : [judgeChannel(SILENT, contract.channel, channel)]),
    ...(maximumCost === undefined ? [] : [judgeCost(SILENT, contract, maximumCost)]),
    ...properties.map((name) => judgeProperty(SILENT, contract, name)),
  ]);
}

/** The worst of several verdicts. */
export function worst(aspects: readonly Pick<Aspect, 'verdict'>[]): Aspect['verdict'] {
  if (aspects.some(({ verdict }) => verdict === 'no')) return 'no';
  return aspects.some(({ verdict }) => verdict === 'unknown') ? 'unknown' : 'yes';
}
