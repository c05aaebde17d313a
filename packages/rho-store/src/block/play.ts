import {
  createRuntime,
  equalTerms,
  meteringRole,
  positionAt,
  tokenChannel,
  tokenStack,
  type BlockData,
  type Comm,
  type Demand,
  type Finding,
  type Located,
  type OnCopy,
  type OutputLine,
  type Runtime,
  type RuntimeOptions,
  type RunResult,
  type SystemProcess,
  type Term,
  type WarningReason,
} from '@commute/rholang';
import { ByteWriter } from '../bytes.ts';
import type { Decision } from '../merge/decide.ts';
import type { RhoSpace } from '../space/rho-space.ts';
import type { Block } from './block.ts';
import { Predecessors, type ChainRules } from './chain.ts';
import { deployId, type Deploy } from './deploy.ts';
import { examineDeploy, refusalOf, type Refusal } from './examine.ts';

/** How blocks are made and played. */
export interface PlayOptions extends ChainRules {
  /** System processes beside the standard ones. All who replay must have the same. */
  readonly systemProcesses?: readonly SystemProcess[];
  /** Makes what runs programs; the reducer, `createRuntime`, unless told. All that may be given have the same results. */
  readonly runtime?: (options: RuntimeOptions) => Runtime;
  /** Most reductions of a deploy, gates included; a million unless told. All who replay must have the same. */
  readonly maximumComms?: number;
  /** Most reductions of all deploys that one party puts into a block, gates included; any number unless told. All who replay must have the same. */
  readonly maximumBlockComms?: number;
  /** What of a merged block gives way where parts conflict; any choice that leaves no conflict is believed unless told. */
  readonly decide?: Decision;
  /** Is told each reduction of a deploy, by its position, in order, also those of a deploy that fails in the end. */
  readonly onComm?: (deploy: number, comm: Comm) => void;
  /** May replace the places of the processes of a deploy, before it runs. */
  readonly locate?: (deploy: number, locations: ReadonlyMap<Term, Located>) => ReadonlyMap<Term, Located>;
  /** Is told processes that are copied to be sent as data, with their copies. */
  readonly onCopy?: OnCopy;
  /**
   * Is called when the deploys of a party were played, before what is pending is committed or dropped, with the place of each pending event in the
   * log of the block; `undefined` for what a merged block does not hold.
   */
  readonly onPlayed?: (space: RhoSpace, places: readonly (number | undefined)[]) => void;
}

/** What a deploy did. */
export interface DeployOutcome {
  readonly deploy: Deploy;
  readonly id: Uint8Array;
  /** Why the deploy did nothing; empty if it ran. */
  readonly refused: readonly Refusal[];
  readonly warnings: readonly Finding<WarningReason>[];
  /** The most that it could spend; nothing if it was refused before that was known. */
  readonly demand: Demand | undefined;
  /** Number of reductions of programs, without those of metering. */
  readonly comms: number;
  /** Number of reductions of all kinds. */
  readonly reductions: number;
  /** Tokens of the deploy that were spent while it ran. */
  readonly spent: number;
  readonly output: readonly OutputLine[];
}

function tokenSeed(id: Uint8Array): Uint8Array {
  return new ByteWriter(64).raw(new TextEncoder().encode('tokens')).raw(id).finish();
}

interface Counts {
  comms: number;
  reductions: number;
  spent: number;
}

function failure(result: RunResult & { ok: false }, { source, file }: Deploy): Refusal {
  const { place } = result;
  const at = place === undefined ? {} : { ...positionAt(source, place.start), start: place.start, end: place.end };
  return refusalOf('run', result.reason, result.message, file, at);
}

/** Most reductions of a deploy unless told. */
const MAXIMUM_COMMS = 1_000_000;

/**
 * Runs one deploy; one that fails leaves the space as it was.
 *
 * @param left - most reductions that the block still has room for.
 */
function playDeploy(
  runtime: Runtime,
  deploy: Deploy,
  block: BlockData,
  index: number,
  left: number,
  options: PlayOptions,
): DeployOutcome {
  const id = deployId(deploy);
  const nothing = { deploy, id, comms: 0, reductions: 0, spent: 0, output: [] };
  const examined = examineDeploy(deploy, options.systemProcesses);
  const { warnings } = examined;
  if (!examined.ok) return { ...nothing, refused: examined.refused, warnings, demand: undefined };
  const { demand } = examined;
  const channel = tokenChannel(deploy.tokensFor ?? id);
  const counts: Counts = { comms: 0, reductions: 0, spent: 0 };
  const onComm = (comm: Comm): void => {
    counts.reductions += 1;
    const role = meteringRole(comm.consume);
    if (role === undefined) counts.comms += 1;
    if (role === 'gate' && equalTerms(comm.used[0]!.channel, channel)) counts.spent += 1;
    options.onComm?.(index, comm);
  };
  const context = {
    file: deploy.file,
    block,
    deploy: { timestamp: BigInt(deploy.timestamp), deployer: deploy.deployer, id },
    onComm,
    ...(options.onCopy === undefined ? {} : { onCopy: options.onCopy }),
  };
  const revert = runtime.space.checkpoint();
  const output: OutputLine[] = [];
  const { maximumComms = MAXIMUM_COMMS } = options;
  let most = maximumComms;
  const run = (term: Term, seed: Uint8Array, locations?: ReadonlyMap<Term, Located>): RunResult => {
    most = Math.max(0, Math.min(maximumComms, left - counts.reductions));
    const result = runtime.run(term, {
      ...context,
      maximumComms: most,
      seed,
      ...(locations === undefined ? {} : { locations }),
    });
    output.push(...result.output);
    return result;
  };
  const tokens = BigInt(deploy.tokens ?? 0);
  const locations = options.locate?.(index, examined.locations) ?? examined.locations;
  let result: RunResult | undefined;
  if (tokens > 0n) result = run(tokenStack(channel, tokens), tokenSeed(id), options.locate?.(index, new Map()));
  if (result?.ok !== false) result = run(examined.term, id, locations);
  if (result.ok) return { ...nothing, ...counts, refused: [], warnings, demand, output };
  revert();
  const full = result.reason === 'comm-limit' && most < maximumComms;
  const why = full ? noRoom(deploy, 'reductions') : failure(result, deploy);
  return { ...nothing, refused: [why], warnings, demand, output };
}

/** Says that a block is full. */
export function noRoom({ file }: Deploy, what: 'reductions' | 'bytes'): Refusal {
  return refusalOf('block', 'no-room', `block: expected room for the deploy, got too few ${what}`, file);
}

/** The outcome of a deploy that did not run. */
export function refusedOutcome(deploy: Deploy, refusal: Refusal): DeployOutcome {
  const nothing = { warnings: [], demand: undefined, comms: 0, reductions: 0, spent: 0, output: [] };
  return { deploy, id: deployId(deploy), refused: [refusal], ...nothing };
}

/** The deploys of one party on the version that is open, one after another. */
export class Party {
  readonly #runtime: Runtime;
  readonly #data: BlockData;
  readonly #before: Predecessors;
  readonly #options: PlayOptions;
  #left: number;

  constructor(space: RhoSpace, block: Pick<Block, 'number' | 'timestamp' | 'sender'>, options: PlayOptions) {
    const { systemProcesses, runtime = createRuntime, maximumBlockComms = Infinity, onComm } = options;
    this.#runtime = runtime({ space, ...(systemProcesses === undefined ? {} : { systemProcesses }) });
    const { number, timestamp, sender } = block;
    this.#data = { number: BigInt(number), timestamp: BigInt(timestamp), sender };
    this.#before = new Predecessors(space, number, options);
    this.#left = maximumBlockComms;
    const counted = (deploy: number, comm: Comm): void => {
      this.#left -= 1;
      onComm?.(deploy, comm);
    };
    this.#options = { ...options, onComm: counted };
  }

  /** Runs a deploy, or says why it may not. */
  play(deploy: Deploy, index: number): DeployOutcome {
    const refusal = this.#before.refusal(deploy);
    if (refusal !== undefined) return refusedOutcome(deploy, refusal);
    return playDeploy(this.#runtime, deploy, this.#data, index, this.#left, this.#options);
  }

  /** Says that a deploy stands, so that it does not run again. */
  stands(deploy: Deploy): void {
    this.#before.add(deploy);
  }
}
