import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createMemoryKeyValue, verifyStore, type KeyValueStore } from '@commute/rho-store';
import { openLmdb } from '@commute/rho-store/lmdb';
import { encodeMessage, RhoNode, Session, signStatement, STEP, type SessionReason } from '../src/index.ts';
import { Clock, contentOf, eventsOf, expectSame, joined, keyOf, networkOf, watched, type Watched } from './cluster.ts';

const folders: string[] = [];

afterEach(() => {
  for (const one of folders.splice(0)) rmSync(one, { recursive: true });
});

/** Two nodes that talk, message by message, until nothing is left to say. */
function talk(one: Watched, two: Watched): readonly SessionReason[] {
  const queues: Uint8Array[][] = [[], []];
  const ended: SessionReason[] = [];
  const sessions = [one, two].map(({ node }, side) => {
    const wire = {
      write: (bytes: Uint8Array) => void queues[1 - side]!.push(bytes),
      waiting: () => 0,
      close: () => undefined,
    };
    return new Session(node, wire, (reason) => ended.push(reason));
  });
  while (queues.some((queue) => queue.length > 0))
    for (const [side, queue] of queues.entries()) for (const bytes of queue.splice(0)) sessions[side]!.receive(bytes);
  const before = [...ended];
  for (const session of sessions) session.end();
  return before;
}

function copyOf(store: KeyValueStore): KeyValueStore {
  const copy = createMemoryKeyValue();
  copy.commit({ puts: [...store.entries()] });
  return copy;
}

/** A store that tells before each commit. */
function tellingCommits(store: KeyValueStore, before: () => void): KeyValueStore {
  return {
    get: (key) => store.get(key),
    commit: (batch) => {
      before();
      store.commit(batch);
    },
    entries: (range) => store.entries(range),
    close: () => store.close(),
  };
}

/** Closes rounds in which each member deploys something. */
function close(nodes: readonly Watched[], count: number): void {
  for (let each = 0; each < count; each += 1) {
    const { round } = nodes[0]!.node;
    for (const [index, one] of nodes.entries())
      if (one.node.member >= 0) one.node.deploy(`@"${String(index)}"!(${String(round)})`);
    nodes[round % nodes.length]!.node.propose();
  }
}

describe('a node that forgets', () => {
  test('keeps as many rounds as told, at most twice, and forgets nothing unless told', () => {
    const network = networkOf(2);
    const nodes = [watched(network, 0, { keepRounds: 3 }), watched(network, 1)];
    joined(nodes);
    for (let round = 1; round <= 20; round += 1) {
      close(nodes, 1);
      const [forgets, keeps] = [nodes[0]!.node, nodes[1]!.node];
      expect(forgets.round - forgets.oldest).toBeLessThanOrEqual(6);
      expect(forgets.round - forgets.oldest).toBeGreaterThanOrEqual(Math.min(3, round));
      expect(keeps.oldest).toBe(1);
      for (let each = 1; each <= round; each += 1) {
        const [told, all] = [forgets, keeps].map((one) => one.certificates(each).length + one.statements(each).length);
        expect(told).toBe(each < forgets.oldest ? 0 : all);
      }
      expect(forgets.space.history.trie.meta.oldest).toBe(forgets.oldest);
    }
    expectSame(nodes, 21);
    expect(eventsOf(nodes[0]!, 'pruned').map(({ oldest }) => oldest)).toEqual([5, 9, 13, 17]);
    expect(eventsOf(nodes[1]!, 'pruned')).toEqual([]);
    expect(() => watched(network, 0, { keepRounds: 0 })).toThrow('RHO_NODE_ARGUMENT_RANGE');
  });

  test('tells what it keeps to those that are behind, and says from where on to those that are further behind', () => {
    const network = networkOf(2);
    const nodes = [watched(network, 0, { keepRounds: 2 }), watched(network, 1)];
    joined(nodes);
    close(nodes, 7);
    const [forgets, keeps] = nodes as [Watched, Watched];
    expect(forgets.node.oldest).toBe(4);
    const behind = watched(network, -1);
    expect(talk(forgets, behind)).toEqual([]);
    expect(eventsOf(behind, 'forgotten')).toMatchObject([{ round: 1, oldest: 4 }]);
    expect(behind.node.round).toBe(1);
    // Others bring it to where it is told the rest.
    const early = watched(network, -1, { keepRounds: 100 });
    expect(talk(keeps, early)).toEqual([]);
    expect([early.node.round, early.node.oldest]).toEqual([8, 1]);
    expect(talk(early, behind)).toEqual([]);
    close(nodes, 1);
    expect(talk(forgets, behind)).toEqual([]);
    expect(eventsOf(behind, 'forgotten')).toHaveLength(1);
    expectSame([...nodes, behind], 9);
    // A copy of a store goes on from there.
    const copied = watched(network, -1, {}, copyOf(forgets.store));
    expect([copied.node.round, copied.node.oldest]).toEqual([9, 7]);
    close(nodes, 2);
    expect(talk(forgets, copied)).toEqual([]);
    expectSame([...nodes, copied], 11);
  });

  test('goes on where it was, accepts nothing twice, and finishes what was interrupted', () => {
    const network = networkOf(2);
    // Each commit of the store is a moment at which the node may be killed.
    const moments: KeyValueStore[] = [];
    let telling = false;
    const memory = createMemoryKeyValue();
    const store = tellingCommits(memory, () => {
      if (telling) moments.push(copyOf(memory));
    });
    const nodes = [watched(network, 0, { keepRounds: 2 }, store), watched(network, 1)];
    joined(nodes);
    const { node } = nodes[0]!;
    const first = node.deploy('@"once"!(1)');
    node.propose();
    telling = true;
    close(nodes, 5);
    expect(node.oldest).toBeGreaterThan(1);
    const { round } = node;
    for (const moment of moments) {
      const again = watched(network, 0, { keepRounds: 2 }, moment);
      expect(verifyStore(again.node.space.history).problems).toEqual([]);
      expect(again.node.space.history.trie.meta.oldest).toBeGreaterThanOrEqual(again.node.oldest);
      expect(talk(nodes[1]!, again)).toEqual([]);
      expectSame([again, nodes[1]!], round);
      expect(() => again.node.deploy(first)).toThrow('expected one that was not accepted');
    }
    expect(moments.length).toBeGreaterThan(20);
  });

  test('keeps what proves that members cheat', () => {
    const network = networkOf(4);
    const clock = new Clock();
    const options = { keepRounds: 1, patience: 1, now: clock.now };
    const nodes = [0, 1, 2].map((index) => watched(network, index, options));
    const said = [1, 2].map((byte) =>
      signStatement(network, { round: 1, step: STEP.block, view: 0, member: 3, body: Uint8Array.of(byte) }, keyOf(3)),
    );
    for (const [index, one] of said.entries()) nodes[index]!.node.receive(one.bytes);
    joined(nodes);
    for (const from of nodes)
      for (const to of nodes) for (const bytes of from.node.statements(1)) to.node.receive(bytes);
    for (let turn = 0; nodes.some(({ node }) => node.round < 6) && turn < 1000; turn += 1) {
      for (const { node } of nodes) node.propose();
      clock.pass(1000, nodes);
    }
    for (const { node: one } of nodes) {
      expect(one.oldest).toBeGreaterThan(1);
      const kept = one.statements(1).map((bytes) => Buffer.from(bytes).toString('hex'));
      expect(kept.sort()).toEqual(said.map(({ bytes }) => Buffer.from(bytes).toString('hex')).sort());
    }
  });

  test('is not believed to have forgotten what it was not asked for', () => {
    const network = networkOf(1);
    const hello = encodeMessage({ kind: 'hello', version: 4, oldest: 3, network: network.id, round: 5 });
    const forgotten = (round: number, oldest: number): Uint8Array =>
      encodeMessage({ kind: 'forgotten', round, oldest });
    for (const [messages, expected] of [
      [[forgotten(1, 5)], ['protocol']],
      [[hello, forgotten(1, 5)], []],
      [[hello, forgotten(1, 5), forgotten(1, 5)], ['protocol']],
      [[hello, forgotten(2, 5)], ['protocol']],
      [[hello, forgotten(0, 5)], ['protocol']],
      [[hello, forgotten(1, 1)], ['protocol']],
    ] as const) {
      const one = watched(network, 0);
      const ended: SessionReason[] = [];
      const wire = { write: () => undefined, waiting: () => 0, close: () => undefined };
      const session = new Session(one.node, wire, (reason) => ended.push(reason));
      for (const bytes of messages) session.receive(bytes);
      expect(ended).toEqual(expected);
      session.end();
    }
  });
});

test('a node that is killed while it forgets has every round that it closed, and what it is to keep of them', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'pruning-'));
  folders.push(folder);
  const script = path.join(import.meta.dirname, 'run-pruning.ts');
  let last = 0;
  for (let kill = 0; kill < 4; kill += 1) {
    const child = spawn(process.execPath, ['--conditions=@commute/source', script, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (data: Buffer) => {
      said += data.toString();
      if (said.split('\n').length > 4 + kill) setTimeout(() => child.kill('SIGKILL'), (kill * 7) % 17);
    });
    await new Promise((resolve) => child.on('close', resolve));
    last = Number(said.trim().split('\n').at(-1));
    const store = openLmdb({ path: folder });
    const node = new RhoNode({ store, network: networkOf(1), secretKey: keyOf(0), keepRounds: 2 });
    expect(node.round).toBeGreaterThan(last);
    expect(node.round - node.oldest).toBeLessThanOrEqual(5);
    expect(verifyStore(node.space.history).problems).toEqual([]);
    for (let round = node.oldest; round < node.round; round += 1)
      expect([node.certificates(round).length, node.statements(round).length]).toEqual([2, 1]);
    // What was deployed before a kill is proposed after it, beside what is deployed anew.
    const rounds = new Set(contentOf({ node }).map((line) => Number(/\((\d+)\)/.exec(line)![1])));
    expect([...rounds].sort((left, right) => left - right)).toEqual(
      Array.from({ length: node.round - 1 }, (_, at) => at + 1),
    );
    await store.close();
  }
  expect(last).toBeGreaterThan(10);
});
