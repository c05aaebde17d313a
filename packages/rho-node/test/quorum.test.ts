import { afterEach, describe, expect, test } from 'vitest';
import { replayBlock, verifyChain } from '@commute/rho-store';
import { decodeSet, STEP, signStatement, type Network } from '../src/index.ts';
import { connect, serve } from '../src/node.ts';
import { Clock, contentOf, eventsOf, hex, keyOf, networkOf, until, watched, type Watched } from './cluster.ts';

const PATIENCE = 1000;
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Members whose connections the test makes and breaks; time passes only as it says. */
class Cluster {
  readonly clock = new Clock();
  readonly network: Network;
  readonly nodes: Watched[];
  readonly #links = new Map<string, () => Promise<void>>();
  readonly #ports = new Map<number, number>();

  constructor(network: Network) {
    this.network = network;
    this.nodes = network.members.map((_, member) => this.open(member));
  }

  /** A node of a member on its store, if it had one. */
  open(member: number): Watched {
    const options = { now: this.clock.now, patience: PATIENCE };
    return watched(this.network, member, options, this.nodes?.[member]?.store);
  }

  async link(one: number, two: number): Promise<void> {
    let port = this.#ports.get(one);
    if (port === undefined) {
      const server = await serve(this.nodes[one]!.node);
      port = server.port;
      this.#ports.set(one, port);
      closers.push(server.close);
    }
    const { close } = connect(this.nodes[two]!.node, { port, retry: 5 });
    closers.push(close);
    this.#links.set(`${String(one)} ${String(two)}`, close);
  }

  /** Breaks the connections of a member for good. */
  async cut(member: number): Promise<void> {
    for (const [name, close] of this.#links)
      if (name.split(' ').includes(String(member))) {
        await close();
        this.#links.delete(name);
      }
    this.#ports.delete(member);
  }

  /** Waits until some members are in a round with one root. Time passes when they have said all they have to say. */
  async reach(round: number, members: readonly number[]): Promise<void> {
    const nodes = members.map((member) => this.nodes[member]!);
    const state = (): string => nodes.map((one) => JSON.stringify(one.node.status())).join('\n');
    let [quiet, told] = [0, 0];
    await until(() => {
      const events = nodes.reduce((sum, one) => sum + one.events.length, 0);
      quiet = events === told ? quiet + 1 : 0;
      told = events;
      if (quiet % 20 === 19) this.clock.pass(PATIENCE, nodes);
      return nodes.every((one) => one.node.round >= round);
    }, state);
    expect(new Set(nodes.map((one) => `${String(one.node.round)} ${hex(one.node.status().root)}`)).size).toBe(1);
  }
}

const take = (who: string): string => `for (@n <- @"seat") { @"${who}"!(n) }`;

describe('rounds that a quorum closes, over TCP', () => {
  test('go on without a member that is killed amid one, and it catches up with what it missed', async () => {
    const cluster = new Cluster(networkOf(4, { genesis: '@"seat"!(7)' }));
    for (const [one, two] of [
      [0, 1],
      [1, 2],
      [2, 0],
      [0, 3],
    ] as const)
      await cluster.link(one, two);
    const [ann, , , dan] = cluster.nodes as [Watched, Watched, Watched, Watched];
    dan.node.deploy('@"dan"!(1)');
    ann.node.deploy('@"ann"!(1)');
    // Dan says its block and is killed before it can say more.
    ann.node.propose();
    await until(
      () => ann.node.status().waiting.length === 0,
      () => 'all blocks',
    );
    await cluster.cut(3);
    await cluster.reach(2, [0, 1, 2]);
    // Then the others go on without it.
    for (let round = 2; round <= 4; round += 1) {
      ann.node.deploy(`@"round"!(${String(round)})`);
      ann.node.propose();
      await cluster.reach(round + 1, [0, 1, 2]);
      expect(eventsOf(ann, 'closed').at(-1)!.members).toEqual([0, 1, 2]);
    }
    expect(cluster.nodes.map((one) => one.node.status().equivocators)).toEqual([[], [], [], []]);
    // A new process on its store; it says nothing in rounds that are over, and believes nothing that does not replay.
    cluster.nodes[3] = cluster.open(3);
    const again = cluster.nodes[3];
    await cluster.link(0, 3);
    await cluster.reach(5, [0, 1, 2, 3]);
    expect(eventsOf(again, 'statement').filter((one) => one.from === undefined)).toEqual([]);
    expect(eventsOf(again, 'proposed')).toEqual([]);
    expect(contentOf(again)).toEqual(contentOf(ann));
    const { space } = again.node;
    for (let commit = 1; commit <= 5; commit += 1) expect(replayBlock(space, commit)).toMatchObject({ ok: true });
    expect(verifyChain(space.history)).toMatchObject({ ok: true, others: 0 });
    // What it wanted to be run is run in a later round, if it was not in the first.
    again.node.propose();
    await cluster.reach(6, [0, 1, 2, 3]);
    expect(eventsOf(again, 'closed').at(-1)!.members).toEqual([0, 1, 2, 3]);
    expect(contentOf(ann)).toContain('"dan"!(1)');
  });

  test('are told to a member that was away from the start, and to one that only follows', async () => {
    const cluster = new Cluster(networkOf(3, { quorum: 2n, genesis: '@"seat"!(7)' }));
    await cluster.link(0, 1);
    const [ann, bob] = cluster.nodes as [Watched, Watched];
    for (let round = 1; round <= 3; round += 1) {
      bob.node.deploy(`@"round"!(${String(round)})`);
      ann.node.propose();
      await cluster.reach(round + 1, [0, 1]);
    }
    const late = cluster.nodes[2]!;
    const own = late.node.deploy('@"late"!(1)');
    await cluster.link(1, 2);
    await cluster.reach(4, [0, 1, 2]);
    expect(late.node.queue()).toEqual([own]);
    late.node.propose();
    await cluster.reach(5, [0, 1, 2]);
    expect(contentOf(bob)).toContain('"late"!(1)');
    const follower = watched(cluster.network, -1);
    cluster.nodes.push(follower);
    await cluster.link(2, 3);
    await cluster.reach(5, [0, 1, 2, 3]);
  });

  test('wait while the network is in two halves, and go on once it heals, with nothing lost', async () => {
    const cluster = new Cluster(networkOf(4, { genesis: '@"seat"!(7)', decision: 'votes' }, [1n, 1n, 1n, 1n]));
    await cluster.link(0, 1);
    await cluster.link(2, 3);
    for (const [member, one] of cluster.nodes.entries()) one.node.deploy(take(`m${String(member)}`));
    cluster.nodes[0]!.node.propose();
    cluster.nodes[2]!.node.propose();
    const halves = (): boolean => cluster.nodes.every((one) => one.node.status().waiting.length === 2);
    await until(halves, () => 'two blocks in each half');
    for (let turn = 0; turn < 20; turn += 1) {
      cluster.clock.pass(PATIENCE, cluster.nodes);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(cluster.nodes.map((one) => one.node.round)).toEqual([1, 1, 1, 1]);
    await cluster.link(1, 2);
    await cluster.reach(2, [0, 1, 2, 3]);
    // One of four has the seat, the others are refused and in their queues again.
    const [closed] = eventsOf(cluster.nodes[0]!, 'closed');
    expect([closed!.members, closed!.accepted.length, closed!.refused.length]).toEqual([[0, 1, 2, 3], 1, 3]);
    expect(cluster.nodes.map((one) => one.node.queue().length).sort()).toEqual([0, 1, 1, 1]);
    expect(cluster.nodes.flatMap((one) => eventsOf(one, 'refused'))).toHaveLength(3);
  });

  test('leave one behind that is alone, and close again with it', async () => {
    const cluster = new Cluster(networkOf(4, { genesis: '@"seat"!(7)' }));
    for (const [one, two] of [
      [0, 1],
      [1, 2],
    ] as const)
      await cluster.link(one, two);
    const [ann, , , dan] = cluster.nodes as [Watched, Watched, Watched, Watched];
    // Dan proposes to nobody, and waits in view 0 for the others.
    dan.node.deploy('@"dan"!(1)');
    dan.node.propose();
    cluster.clock.pass(50 * PATIENCE, [dan]);
    for (let round = 1; round <= 2; round += 1) {
      ann.node.propose();
      await cluster.reach(round + 1, [0, 1, 2]);
    }
    await cluster.link(2, 3);
    await cluster.reach(3, [0, 1, 2, 3]);
    expect(eventsOf(dan, 'missed').map((one) => one.round)).toEqual([1, 2]);
    expect(dan.node.queue()).toHaveLength(1);
    dan.node.propose();
    await cluster.reach(4, [0, 1, 2, 3]);
    expect(contentOf(ann)).toContain('"dan"!(1)');
  });

  test('name a member that says two blocks, close without them, and divide nobody', async () => {
    const cluster = new Cluster(networkOf(4));
    for (const [one, two] of [
      [0, 1],
      [1, 2],
    ] as const)
      await cluster.link(one, two);
    const honest = cluster.nodes.slice(0, 3);
    const said = [1, 2, 3].map((byte) => {
      const body = Uint8Array.of(byte);
      return signStatement(cluster.network, { round: 1, step: STEP.block, view: 0, member: 3, body }, keyOf(3));
    });
    for (const [index, one] of honest.entries()) {
      one.node.deploy(`@"m${String(index)}"!(1)`);
      // To each another block.
      expect(one.node.receive(said[index]!.bytes)).toEqual({ ok: true, new: true });
    }
    await cluster.reach(2, [0, 1, 2]);
    for (const one of honest) {
      const [proof] = eventsOf(one, 'equivocation');
      expect([proof!.round, proof!.member]).toEqual([1, 3]);
      const [left, right] = proof!.statements;
      expect(hex(left.hash)).not.toBe(hex(right.hash));
      expect(said.map(({ hash }) => hex(hash))).toEqual(expect.arrayContaining([hex(left.hash), hex(right.hash)]));
      expect(eventsOf(one, 'closed')).toMatchObject([{ members: [0, 1, 2], invalid: [] }]);
    }
    expect(contentOf(honest[0]!)).toEqual(['"m0"!(1)', '"m1"!(1)', '"m2"!(1)']);
    // Whoever comes later gets the proof with the round.
    const follower = watched(cluster.network, -1);
    cluster.nodes.push(follower);
    await cluster.link(0, 4);
    await cluster.reach(2, [0, 1, 2, 4]);
    expect(eventsOf(follower, 'equivocation').map((one) => one.member)).toEqual([3]);
  });

  test('are closed by all, though a member that cheats lets one alone hear what closes them', async () => {
    const cluster = new Cluster(networkOf(4));
    const [ann, bob] = cluster.nodes as [Watched, Watched];
    ann.node.deploy('@"ann"!(1)');
    bob.node.deploy('@"bob"!(1)');
    const says = (member: number, step: number, body: Uint8Array): Uint8Array =>
      signStatement(cluster.network, { round: 1, step, view: 0, member, body }, keyOf(member)).bytes;
    // Member 2 says its block and no more; member 3 says of what it commits to two things to Bob, and a third to Ann.
    const blocks = [2, 3].map((member) => says(member, STEP.block, Uint8Array.of(member)));
    for (const one of [ann, bob]) for (const bytes of blocks) one.node.receive(bytes);
    for (const [from, to] of [
      [ann, bob],
      [bob, ann],
    ] as const)
      for (const bytes of from.node.statements(1)) to.node.receive(bytes);
    const [prepare] = eventsOf(ann, 'statement').filter((one) => one.statement.step === STEP.blockPrepare);
    const all = prepare!.statement.body;
    expect(decodeSet(cluster.network, all)).toHaveLength(4);
    for (const body of [all.subarray(1), all.subarray(2)]) bob.node.receive(says(3, STEP.blockCommit, body));
    await cluster.link(0, 1);
    for (const one of [ann, bob]) one.node.receive(says(3, STEP.blockPrepare, all));
    ann.node.receive(says(3, STEP.blockCommit, all));
    await cluster.reach(2, [0, 1]);
    expect(eventsOf(bob, 'equivocation')).toMatchObject([{ round: 1, member: 3 }]);
    expect(contentOf(bob)).toEqual(['"ann"!(1)', '"bob"!(1)']);
    // A follower that comes later believes it too.
    const follower = watched(cluster.network, -1);
    cluster.nodes.push(follower);
    await cluster.link(1, 4);
    await cluster.reach(2, [0, 1, 4]);
  });
});
