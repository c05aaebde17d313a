import {
  decodeDeploy,
  deployId,
  encodeDeploy,
  examineDeploy,
  verifyDeploy,
  type Deploy,
  type HistoryStore,
} from '@commute/rho-store';
import { equalBytes, textFromBytes } from '@commute/rho-store/bytes';
import { AcceptedDeploys, type AcceptedGroup } from './accepted.ts';
import { ArchiveChanges, type Archived } from './archive.ts';
import { DeployRefusedError, NodeArgumentError, NodeStoreError } from './errors.ts';
import type { Network } from './network.ts';

interface Queued {
  readonly number: number;
  readonly deploy: Deploy;
}

/** Deploys of a node that wait to be proposed or to be accepted, and which were accepted by all: on the medium, and in memory. */
export class DeployQueue {
  readonly #network: Network;
  readonly #history: HistoryStore;
  readonly #queue = new Map<string, Queued>();
  readonly accepted: AcceptedDeploys = new AcceptedDeploys();
  #next = 1;

  /** @throws NodeStoreError if what was left is no queue. */
  constructor(network: Network, history: HistoryStore, archived: Archived | undefined) {
    this.#network = network;
    this.#history = history;
    for (const { until, id } of archived?.accepted ?? []) this.accepted.add(until, id);
    for (const { number, bytes } of archived?.queue ?? []) {
      const deploy = decodeDeploy(bytes);
      if (deploy === undefined) throw new NodeStoreError('deploys in the queue', 'other bytes');
      this.#queue.set(textFromBytes(deployId(deploy)), { number, deploy });
      this.#next = number + 1;
    }
  }

  get size(): number {
    return this.#queue.size;
  }

  /** The deploys that wait, in order. */
  all(): readonly Deploy[] {
    return [...this.#queue.values()].map((one) => one.deploy);
  }

  /** Those that may stand in a block. */
  eligible(number: number): readonly Deploy[] {
    return this.all().filter(({ after }) => after < number && number <= after + this.#network.lifetime);
  }

  /**
   * Puts a deploy into the queue, durably.
   *
   * @param round - that is open.
   * @throws NodeArgumentError if it is not for the network, wrongly signed, too old, too large, or accepted already. DeployRefusedError if no block can hold it.
   */
  add(deploy: Deploy, round: number): void {
    const { network, lifetime, maximumBlockBytes } = { ...this.#network, network: this.#network.id };
    const bytes = encodeDeploy(deploy);
    const id = deployId(deploy);
    const name = textFromBytes(id);
    const refuse = (expected: string, got: string): never => {
      throw new NodeArgumentError('deploy', expected, got);
    };
    if (!equalBytes(deploy.network, network)) return refuse('one for this network', 'another');
    if (!verifyDeploy(deploy)) return refuse('a valid signature', 'another');
    if (deploy.after + lifetime < round) return refuse('a round to come', 'rounds that are over');
    const most = Math.floor(maximumBlockBytes / 4);
    if (bytes.length > most) return refuse(`at most ${String(most)} bytes`, `${String(bytes.length)} bytes`);
    if (this.accepted.has(id)) return refuse('one that was not accepted', 'one that was');
    if (this.#queue.has(name)) return;
    const examined = examineDeploy(deploy);
    if (!examined.ok) throw new DeployRefusedError(examined.refused);
    const number = this.#next;
    this.#history.writeSide(new ArchiveChanges().enqueue(number, bytes));
    this.#next += 1;
    this.#queue.set(name, { number, deploy });
  }

  /** Takes a deploy out, durably. */
  remove(id: Uint8Array): boolean {
    const queued = this.#queue.get(textFromBytes(id));
    if (queued === undefined) return false;
    this.#history.writeSide(new ArchiveChanges().dequeue(queued.number));
    this.#queue.delete(textFromBytes(id));
    return true;
  }

  /** Moves deploys behind all others, until the node is opened again. */
  postpone(ids: readonly Uint8Array[]): void {
    for (const id of ids) {
      const name = textFromBytes(id);
      const queued = this.#queue.get(name);
      if (queued === undefined) continue;
      this.#queue.delete(name);
      this.#queue.set(name, queued);
    }
  }

  /** Those of some deploys that wait here. */
  among(ids: readonly Uint8Array[]): readonly Deploy[] {
    return ids.flatMap((id) => this.#queue.get(textFromBytes(id))?.deploy ?? []);
  }

  /** Writes that another version is open in which others were accepted, and removes what cannot be accepted any more; gives that as far as it was not accepted. */
  adopt(open: number, accepted: readonly AcceptedGroup[], changes: ArchiveChanges): readonly Deploy[] {
    for (const { until, ids } of this.accepted.after(0)) for (const id of ids) changes.forgetAccepted(until, id);
    const done = new Set<string>();
    for (const { until, ids } of accepted)
      for (const id of ids) {
        changes.accept(until, id);
        done.add(textFromBytes(id));
      }
    const expired: Deploy[] = [];
    for (const [name, { number, deploy }] of this.#queue) {
      const over = deploy.after + this.#network.lifetime < open;
      if (done.has(name) || over) changes.dequeue(number);
      if (!done.has(name) && over) expired.push(deploy);
    }
    return expired;
  }

  /**
   * Writes what the end of a round does to the queue.
   *
   * @returns what is to be done once it is on the medium; it gives the deploys whose time is over.
   */
  close(round: number, accepted: readonly Uint8Array[], changes: ArchiveChanges): () => readonly Deploy[] {
    const until = round + this.#network.lifetime;
    const done = new Set(accepted.map(textFromBytes));
    const expired: Queued[] = [];
    for (const id of accepted) changes.accept(until, id);
    for (const [name, queued] of this.#queue) {
      const over = queued.deploy.after + this.#network.lifetime <= round;
      if (!done.has(name) && !over) continue;
      changes.dequeue(queued.number);
      if (!done.has(name)) expired.push(queued);
    }
    for (const { until: end, ids } of this.accepted.over(round)) for (const id of ids) changes.forgetAccepted(end, id);
    return () => {
      this.accepted.forget(round);
      for (const id of accepted) {
        this.accepted.add(until, id);
        this.#queue.delete(textFromBytes(id));
      }
      for (const { deploy } of expired) this.#queue.delete(textFromBytes(deployId(deploy)));
      return expired.map((one) => one.deploy);
    };
  }
}
