import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createMemoryKeyValue, proveEntry, verifyChain, verifyEntry, verifyStore } from '@commute/rho-store';
import { openLmdb } from '@commute/rho-store/lmdb';
import { ByteReader } from '@commute/rho-store/bytes';
import {
  auditRound,
  decodeCertificate,
  encodeCertificate,
  encodeMessage,
  FrameReader,
  RhoNode,
  Session,
  signStatement,
  STEP,
  type Message,
  type NodeOptions,
  type SessionReason,
  type TransferProgress,
} from '../src/index.ts';
import { connect, serve, type ConnectionOptions } from '../src/node.ts';
import {
  Clock,
  contentOf,
  eventsOf,
  expectSame,
  hex,
  joined,
  keyOf,
  networkOf,
  until,
  watched,
  type Watched,
} from './cluster.ts';
import { GENESIS } from './keys.ts';
import { closeRounds, copyOf, members } from './transfer-network.ts';

const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serving(one: Watched, options: ConnectionOptions = {}): Promise<number> {
  const server = await serve(one.node, options);
  closers.push(server.close);
  return server.port;
}

function connected(one: Watched, port: number, options: ConnectionOptions = {}): () => Promise<void> {
  const { close } = connect(one.node, { port, retry: 5, ...options });
  closers.push(close);
  return close;
}

const roundIs = (one: Watched, round: number): Promise<void> =>
  until(
    () => one.node.round >= round,
    () => `round ${String(round)}: ${JSON.stringify(one.node.status())}`,
    250_000,
  );

/** Entries of all histories, by channel. */
function historiesOf({ node }: Watched): string[] {
  const { history } = node.space;
  return [...history.channels()].map(
    (channel) =>
      `${hex(channel)} ${[...history.history(channel)].map(({ entry, hash }) => `${String(entry.sequence)}:${hex(hash)}`).join(' ')}`,
  );
}

/** One that fetched the state is as one that was there all the time. */
function expectCaughtUp(fetched: Watched, always: Watched): void {
  expectSame([fetched, always], always.node.round);
  expect(historiesOf(fetched)).toEqual(historiesOf(always));
  expect(contentOf(fetched)).toEqual(contentOf(always));
  const { space, network } = fetched.node;
  expect(verifyChain(space.history).problems).toEqual([]);
  for (let round = fetched.node.oldest; round < fetched.node.round; round += 1) {
    expect(auditRound(space, network, round)).toEqual(auditRound(always.node.space, network, round));
    expect(auditRound(space, network, round).ok).toBe(true);
  }
  for (const channel of space.history.channels()) {
    const proof = proveEntry(space.history, channel, 1);
    expect(hex(proof)).toBe(hex(proveEntry(always.node.space.history, channel, 1)));
    expect(verifyEntry(space.root(), channel, proof).ok).toBe(true);
  }
}

describe('a node that its peers cannot bring up to date any more', () => {
  test('fetches the state, has all histories, and goes on with the others', async () => {
    const [network, forgets, keeps] = members(9);
    expect(forgets.node.oldest).toBeGreaterThan(3);
    const progress: TransferProgress[] = [];
    const fresh = watched(network, -1, { transfer: { onProgress: (one) => progress.push(one) } });
    connected(fresh, await serving(forgets));
    await roundIs(fresh, 10);
    expectCaughtUp(fresh, keeps);
    const [transferred] = eventsOf(fresh, 'transferred');
    expect(transferred!.round).toBeGreaterThanOrEqual(7);
    expect(fresh.node.oldest).toBe(transferred!.round + 1);
    expect(progress.at(-1)).toMatchObject({ round: transferred!.round, root: transferred!.root, fraction: 1 });
    // What was accepted before is known, so the same deploy counts the same at all.
    closeRounds([forgets, keeps], 2);
    await roundIs(fresh, 12);
    expectCaughtUp(fresh, keeps);
    // It tells what it has to others, states included.
    const next = watched(network, -1);
    connected(next, await serving(fresh));
    await roundIs(next, 12);
    expectCaughtUp(next, keeps);
    // And is the same once it is opened again.
    const again = watched(network, -1, {}, copyOf(fresh.store));
    expectCaughtUp(again, keeps);
  });

  test('as a member speaks again, and loses no deploy that waits', async () => {
    const network = networkOf(3, { genesis: GENESIS, quorum: 2n });
    const clock = new Clock();
    const options = { keepRounds: 2, patience: 1, now: clock.now };
    const others = [0, 1].map((index) => watched(network, index, options));
    joined(others);
    const away = watched(network, 2, options);
    const waiting = away.node.deploy('@"late"!(1)');
    for (let turn = 0; others[0]!.node.round < 10 && turn < 100; turn += 1) {
      others[turn % 2]!.node.deploy(`@"turn"!(${String(turn)})`);
      others[turn % 2]!.node.propose();
      for (let tick = 0; tick < 20; tick += 1) clock.pass(1000, others);
    }
    expect(others[0]!.node.oldest).toBeGreaterThan(1);
    connected(away, await serving(others[0]!));
    await roundIs(away, others[0]!.node.round);
    expect(away.node.queue().map(({ salt }) => hex(salt))).toEqual([hex(waiting.salt)]);
    away.node.propose();
    await roundIs(away, 11);
    expect(contentOf(away)).toContain('"late"!(1)');
    expectSame([others[0]!, away], away.node.round);
    expect(eventsOf(away, 'closed').at(-1)!.members).toContain(2);
  });

  test('two transfers behind: what it has is not fetched again, and deploys whose time is over are told', async () => {
    const [network, forgets, keeps] = members(8, 2, { lifetime: 5 });
    const fetched: number[] = [];
    const bob = watched(network, -1, { transfer: { onProgress: ({ bytes }) => fetched.push(bytes) } });
    const port = await serving(forgets);
    const first = connected(bob, port);
    await roundIs(bob, 9);
    await first();
    const whole = fetched.at(-1)!;
    closeRounds([forgets, keeps], 8);
    connected(bob, port);
    await roundIs(bob, 17);
    expect(eventsOf(bob, 'transferred')).toHaveLength(2);
    expectCaughtUp(bob, keeps);
    const all: number[] = [];
    const fresh = watched(network, -1, { transfer: { onProgress: ({ bytes }) => all.push(bytes) } });
    connected(fresh, port);
    await roundIs(fresh, 17);
    expect(fetched.at(-1)! - whole).toBeGreaterThan(0);
    expect(fetched.at(-1)! - whole).toBeLessThan(all.at(-1)! * 0.8);
    // A member that was away for longer than its deploys may be.
    const away = watched(networkOf(2, { genesis: GENESIS, lifetime: 5 }), 1);
    away.node.deploy('@"over"!(1)');
    connected(away, port);
    await roundIs(away, 17);
    expect(eventsOf(away, 'expired').flatMap(({ deploys }) => deploys)).toHaveLength(1);
    expect(away.node.queue()).toEqual([]);
  });

  test('goes on while rounds are closed and forgotten, and with the next node if one is gone', async () => {
    const [network, forgets, keeps] = members(9, 1);
    let parts = 0;
    const rounds = new Set<number>();
    let endFirst: () => Promise<void> = () => Promise.resolve();
    const fresh = watched(network, -1, {
      transfer: {
        onProgress: ({ round, fraction }) => {
          parts += 1;
          rounds.add(round);
          // With each part rounds go on, so that the version is forgotten soon.
          if (parts < 12 && fraction < 1) closeRounds([forgets, keeps], 1);
          if (parts === 4) void endFirst();
        },
      },
    });
    endFirst = connected(fresh, await serving(forgets));
    connected(fresh, await serving(forgets));
    await until(
      () => fresh.node.oldest > 1 && fresh.node.round === forgets.node.round,
      () => `${String(parts)} parts, ${JSON.stringify(fresh.node.status())}`,
      250_000,
    );
    expect(parts).toBeGreaterThan(4);
    expect(rounds.size).toBeGreaterThan(2);
    expectCaughtUp(fresh, keeps);
  });

  test('waits if it is told to, and ends if its signal says so', async () => {
    const [network, forgets] = members(9);
    const port = await serving(forgets);
    const patient = watched(network, -1, { transfer: false });
    connected(patient, port);
    await until(
      () => eventsOf(patient, 'forgotten').length > 0,
      () => 'forgotten',
    );
    const store = createMemoryKeyValue();
    const control = new AbortController();
    const ended = watched(
      network,
      -1,
      { transfer: { signal: control.signal, onProgress: () => control.abort() } },
      store,
    );
    const stop = connected(ended, port);
    await until(
      () => control.signal.aborted,
      () => 'a part',
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([patient.node.round, ended.node.round]).toEqual([1, 1]);
    expect(verifyStore(ended.node.space.history).problems).toEqual([]);
    await stop();
    // What came in is there the next time.
    const again = watched(network, -1, {}, store);
    connected(again, port);
    await roundIs(again, 10);
    expectSame([forgets, again], 10);
  });

  test('is brought up to date by rounds where somebody has them, and forgets what it fetched', async () => {
    const [network, forgets, keeps] = members(9);
    const store = createMemoryKeyValue();
    const control = new AbortController();
    const first = watched(
      network,
      -1,
      { transfer: { signal: control.signal, onProgress: ({ fraction }) => fraction > 0.3 && control.abort() } },
      store,
    );
    const stop = connected(first, await serving(forgets));
    await until(
      () => control.signal.aborted,
      () => 'a part',
    );
    await stop();
    expect(store.get(Uint8Array.of(0x74))).toBeDefined();
    const again = watched(network, -1, { transfer: false }, store);
    connected(again, await serving(keeps));
    await roundIs(again, 10);
    expect(again.node.oldest).toBe(1);
    expect(store.get(Uint8Array.of(0x74))).toBeUndefined();
    expectCaughtUp(again, keeps);
  });
});

/** A side that is played by hand: what it is told, and what it says to that. */
class Hand {
  readonly reader = new FrameReader(2 ** 26);
  readonly said: Message[] = [];
  readonly ended: SessionReason[] = [];
  readonly session: Session;
  /** What it answers. */
  answer: (message: Message) => readonly Message[];

  constructor(one: Watched, answer: (message: Message) => readonly Message[]) {
    this.answer = answer;
    const pending: Uint8Array[] = [];
    const wire = { write: (bytes: Uint8Array) => void pending.push(bytes), waiting: () => 0, close: () => undefined };
    this.session = new Session(one.node, wire, (reason) => this.ended.push(reason));
    const timer = setInterval(() => {
      for (const bytes of pending.splice(0))
        for (const message of this.reader.push(bytes)) {
          this.said.push(message);
          for (const reply of this.answer(message)) this.session.receive(encodeMessage(reply));
        }
    }, 0);
    closers.push(() => {
      clearInterval(timer);
      this.session.end();
    });
  }
}

/** What an honest node would answer. */
function honest(one: Watched): (message: Message) => Promise<Message> {
  const reader = new FrameReader(2 ** 26);
  const heard: ((message: Message) => void)[] = [];
  const wire = {
    write: (bytes: Uint8Array) => {
      for (const message of reader.push(bytes))
        if (['state', 'part', 'refused'].includes(message.kind)) heard.shift()?.(message);
    },
    waiting: () => 0,
    close: () => undefined,
  };
  const session = new Session(one.node, wire, () => undefined);
  closers.push(() => {
    session.end();
  });
  const { network } = one.node;
  session.receive(encodeMessage({ kind: 'hello', version: 4, oldest: 3, network: network.id, round: one.node.round }));
  return (message) =>
    new Promise((resolve) => {
      heard.push(resolve);
      session.receive(encodeMessage(message));
    });
}

/** A part without its first element. */
function behindFirst(part: Uint8Array): Uint8Array {
  const reader = new ByteReader(part);
  reader.bytes();
  return reader.raw(reader.remaining);
}

/** Plays a node that forgot everything and answers with what `change` makes of what an honest one would say. */
function hostile(
  to: Watched,
  from: Watched,
  change: (message: Message, number: number, asked: Message) => readonly Message[],
): Hand {
  const ask = honest(from);
  let number = 0;
  const { network } = from.node;
  const hand: Hand = new Hand(to, (message) => {
    if (message.kind === 'hello')
      return [
        { kind: 'hello', version: 4, oldest: 3, network: network.id, round: 50 },
        { kind: 'forgotten', round: to.node.round, oldest: 40 },
      ];
    if (message.kind === 'want-state' || message.kind === 'want-part') {
      number += 1;
      const at = number;
      void ask(message).then((reply) => {
        for (const one of change(reply, at, message)) hand.session.receive(encodeMessage(one));
      });
    }
    return [];
  });
  return hand;
}

describe('a hostile node', () => {
  /** One that is behind, of a network with some rounds, and who knows them. */
  const setting = (options: Partial<NodeOptions> = {}): [Watched, Watched, Watched] => {
    const [network, forgets, keeps] = members(9);
    return [watched(network, -1, options), forgets, keeps];
  };

  const cases: Record<
    string,
    [SessionReason, (message: Message, number: number, asked: Message) => readonly Message[]]
  > = {
    'that changes bytes': [
      'other-part',
      (message) => {
        if (message.kind !== 'part') return [message];
        const bytes = new Uint8Array(message.bytes);
        bytes[bytes.length - 1]! ^= 1;
        return [{ kind: 'part', bytes }];
      },
    ],
    'that changes bytes of the state': [
      'other-part',
      (message, number) => {
        if (message.kind !== 'part' || number < 3) return [message];
        const bytes = new Uint8Array(message.bytes);
        bytes[20]! ^= 1;
        return [{ kind: 'part', bytes }];
      },
    ],
    'whose parts are none': [
      'malformed-part',
      (message, number) => [
        message.kind === 'part' && number > 2 ? { kind: 'part', bytes: Uint8Array.of(200, 1, 2) } : message,
      ],
    ],
    'whose parts are empty': [
      'empty-part',
      (message) => [message.kind === 'part' ? { kind: 'part', bytes: new Uint8Array(0) } : message],
    ],
    'that leaves parts out': [
      'other-part',
      (message, number) => [
        message.kind === 'part' && number === 3 ? { kind: 'part', bytes: behindFirst(message.bytes) } : message,
      ],
    ],
    // It counts as the answer to the next question.
    'that says parts twice': [
      'other-part',
      (message, number) => (message.kind === 'part' && number > 2 ? [message, message] : [message]),
    ],
    'that says what it was not asked for': [
      'unasked-part',
      (message, number) =>
        message.kind === 'part' && number === 2
          ? [message, { kind: 'state', round: 8, size: 1, certificate: new Uint8Array(0) }]
          : [message],
    ],
    'that says a state twice': [
      'unasked-part',
      (message) => (message.kind === 'state' ? [message, message] : [message]),
    ],
    'whose record never ends': [
      'large-state',
      (message) => [message.kind === 'state' ? { ...message, size: 2 ** 40 } : message],
    ],
    'whose record is longer than it said': [
      'other-part',
      (message) => [message.kind === 'state' ? { ...message, size: message.size - 1 } : message],
    ],
    'whose record is another one': [
      'other-part',
      (message) => [
        message.kind === 'state'
          ? { ...message, size: message.size + 1 }
          : message.kind === 'part'
            ? { kind: 'part', bytes: Uint8Array.of(...message.bytes, 0) }
            : message,
      ],
    ],
    'whose certificate is none': [
      'not-settled',
      (message) => [message.kind === 'state' ? { ...message, certificate: message.certificate.subarray(1) } : message],
    ],
    'whose certificate is of another round': [
      'not-settled',
      (message) => [message.kind === 'state' ? { ...message, round: message.round - 1 } : message],
    ],
    'whose root no quorum signed': [
      'not-settled',
      (message) => {
        if (message.kind !== 'state') return [message];
        const certificate = new Uint8Array(message.certificate);
        // The root begins behind round, step, view and length.
        certificate[14]! ^= 1;
        return [{ ...message, certificate }];
      },
    ],
  };

  for (const [name, [reason, change]] of Object.entries(cases))
    test(`${name} is dropped with a reason, and the store is as it was`, async () => {
      const [fresh, forgets, keeps] = setting();
      const { root } = fresh.node.status();
      const hand = hostile(fresh, forgets, change);
      await until(
        () => hand.ended.length > 0,
        () => name,
        250_000,
      );
      expect(hand.ended).toEqual([reason]);
      expect([fresh.node.round, hex(fresh.node.status().root)]).toEqual([1, hex(root)]);
      expect(verifyStore(fresh.node.space.history).problems).toEqual([]);
      // An honest one goes on from there.
      connected(fresh, await serving(forgets));
      await roundIs(fresh, 10);
      expectCaughtUp(fresh, keeps);
    });

  test('that alone signed a root, or tells an old one, or says nothing, is dropped', async () => {
    const [fresh, forgets, keeps] = setting();
    const { network } = fresh.node;
    // A member signs another root alone.
    const lie = hostile(fresh, forgets, (message) => {
      if (message.kind !== 'state') return [message];
      const decoded = decodeCertificate(network, message.certificate);
      if (!decoded.ok) throw new Error(decoded.reason);
      const body = new Uint8Array(decoded.certificate.body).fill(7, 0, 32);
      const { round } = decoded.certificate;
      const statements = [0, 0].map((_, member) =>
        signStatement(network, { round, step: STEP.base, view: 0, member, body }, keyOf(0)),
      );
      return [{ ...message, certificate: encodeCertificate({ ...decoded.certificate, body, statements }) }];
    });
    await until(
      () => lie.ended.length > 0,
      () => 'the lie',
    );
    expect(lie.ended).toEqual(['not-settled']);
    // What a quorum signed, and of no use to one that is beyond it.
    const told = await honest(forgets)({ kind: 'want-state', round: 1 });
    closeRounds([forgets, keeps], 5);
    const later = watched(network, -1);
    connected(later, await serving(keeps));
    await roundIs(later, 15);
    const old = hostile(later, forgets, () => [told]);
    await until(
      () => old.ended.length > 0,
      () => 'the old one',
    );
    expect(old.ended).toEqual(['old-state']);
    const [silent] = [watched(network, -1, { transfer: { timeout: 30 } })];
    const nothing = hostile(silent, forgets, () => []);
    await until(
      () => nothing.ended.length > 0,
      () => 'silence',
    );
    expect(nothing.ended).toEqual(['no-answer']);
  });

  test('that asks for what is not there, or for more than one thing at a time, costs little', async () => {
    const [fresh, forgets] = setting();
    const { network } = forgets.node;
    const ask = honest(forgets);
    const place = Uint8Array.of(0, 0);
    for (const wrong of [
      { kind: 'want-part', round: 500, limit: 10, place, have: new Uint8Array(0) },
      { kind: 'want-part', round: 0, limit: 10, place, have: new Uint8Array(0) },
      { kind: 'want-part', round: 8, limit: 10, place: new Uint8Array(0), have: new Uint8Array(0) },
      { kind: 'want-part', round: 8, limit: 10, place: new Uint8Array(99), have: new Uint8Array(0) },
      {
        kind: 'want-part',
        round: 8,
        limit: 10,
        place: Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0, 0),
        have: new Uint8Array(0),
      },
      { kind: 'want-state', round: 500 },
    ] as const)
      expect(await ask(wrong)).toMatchObject({
        kind: 'refused',
        reason: 'not-kept',
        about: wrong.kind === 'want-part' ? 9 : 7,
      });
    // What is damaged is not told.
    const broken = watched(network, -1, {}, copyOf(forgets.store));
    for (const [name, value] of [...broken.store.entries({ from: Uint8Array.of(0x6e), to: Uint8Array.of(0x6f) })])
      broken.store.commit({ puts: [[name, value.map((byte) => byte ^ 1)]] });
    expect(
      await honest(broken)({ kind: 'want-part', round: 8, limit: 10, place, have: new Uint8Array(0) }),
    ).toMatchObject({
      kind: 'refused',
      reason: 'not-kept',
    });
    // However much is asked for, a part is bounded.
    const part = await ask({ kind: 'want-part', round: 8, limit: 2 ** 32 - 1, place, have: new Uint8Array(0) });
    expect(part.kind === 'part' && part.bytes.length < 300_000).toBe(true);
    const ended: SessionReason[] = [];
    const wire = { write: () => undefined, waiting: () => 0, close: () => undefined };
    const session = new Session(forgets.node, wire, (reason) => ended.push(reason));
    session.receive(
      encodeMessage({ kind: 'hello', version: 4, oldest: 3, network: forgets.node.network.id, round: 1 }),
    );
    for (let each = 0; each < 2; each += 1) session.receive(encodeMessage({ kind: 'want-state', round: 1 }));
    expect(ended).toEqual(['protocol']);
    expect(fresh.node.round).toBe(1);
  });
});

/** A child that serves or fetches, and what it said. */
function child(...words: readonly string[]): { process: ChildProcess; lines: () => string[]; ended: Promise<unknown> } {
  const script = path.join(import.meta.dirname, 'run-transfer.ts');
  const process_ = spawn(process.execPath, ['--conditions=@commute/source', script, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  process_.stdout.on('data', (data: Buffer) => (said += data.toString()));
  closers.push(() => void process_.kill('SIGKILL'));
  const ended = new Promise((resolve) => process_.on('close', resolve));
  return { process: process_, lines: () => said.split('\n').slice(0, -1), ended };
}

describe('a process that is killed', () => {
  test('while it fetches leaves its store as it was, and goes on where it was', async () => {
    const [network, forgets, keeps] = members(12);
    const port = await serving(forgets);
    const folder = mkdtempSync(path.join(tmpdir(), 'transfer-'));
    closers.push(() => {
      rmSync(folder, { recursive: true });
    });
    const fractions: number[] = [];
    let transferred = false;
    let kills = 0;
    while (!transferred && kills < 50) {
      const one = child('fetch', folder, String(port));
      await until(
        () => one.lines().length > 1,
        () => 'the first part',
      );
      one.process.kill('SIGKILL');
      await one.ended;
      kills += 1;
      fractions.push(Number(one.lines()[0]));
      transferred = one.lines().includes('transferred');
      const store = openLmdb({ path: folder });
      const node = new RhoNode({ store, network, transfer: { wait: 5 } });
      expect(verifyStore(node.space.history).problems).toEqual([]);
      if (!transferred) expect(node.round).toBe(node.oldest === 1 ? 1 : node.oldest);
      transferred ||= node.oldest > 1;
      if (transferred) {
        const fetched = { node, store, events: [] };
        connected(fetched, port);
        await roundIs(fetched, 13);
        expectCaughtUp(fetched, keeps);
      }
      await store.close();
    }
    expect(transferred).toBe(true);
    expect(kills).toBeGreaterThan(2);
    // Nothing that came in is asked for twice.
    expect(fractions).toEqual([...fractions].sort((left, right) => left - right));
  });

  test('while it serves is replaced by the next one', async () => {
    const [network, forgets, keeps] = members(12);
    const folder = mkdtempSync(path.join(tmpdir(), 'transfer-'));
    const store = openLmdb({ path: folder });
    store.commit({ puts: [...forgets.store.entries()] });
    await store.close();
    closers.push(() => {
      rmSync(folder, { recursive: true });
    });
    let parts = 0;
    let stop: () => void = () => undefined;
    const fresh = watched(network, -1, {
      transfer: {
        onProgress: () => {
          parts += 1;
          if (parts % 3 === 2) stop();
        },
      },
    });
    for (let server = 0; fresh.node.round < 13 && server < 20; server += 1) {
      const one = child('serve', folder);
      stop = () => void one.process.kill('SIGKILL');
      await until(
        () => one.lines().length > 0,
        () => 'a server that listens',
      );
      const end = connected(fresh, Number(one.lines()[0]));
      await Promise.race([one.ended, roundIs(fresh, 13)]);
      expect(verifyStore(fresh.node.space.history).problems).toEqual([]);
      await end();
      stop();
      await one.ended;
    }
    expect(parts).toBeGreaterThan(3);
    expectCaughtUp(fresh, keeps);
  });
});

describe('what a round begins with', () => {
  test('is signed by a quorum, and the same at all nodes', () => {
    const [network, forgets, keeps] = members(6, 100);
    for (let round = 1; round <= 6; round += 1) {
      const bases = [forgets, keeps].map(({ node }) =>
        node.certificates(round).flatMap((bytes) => {
          const decoded = decodeCertificate(network, bytes);
          return decoded.ok && decoded.certificate.step === STEP.base ? [decoded.certificate] : [];
        }),
      );
      expect(bases.map((list) => list.length)).toEqual([1, 1]);
      expect(bases[0]![0]!.body).toEqual(bases[1]![0]!.body);
      const { root } = keeps.node.space.history.commitAt(round);
      expect(hex(bases[0]![0]!.body.subarray(0, 32))).toBe(hex(root));
    }
  });

  test('is said alike by a member that was killed', () => {
    const network = networkOf(2, { genesis: GENESIS });
    const store = createMemoryKeyValue();
    const ann = watched(network, 0, {}, store);
    ann.node.deploy('@"a"!(1)');
    ann.node.propose();
    const base = ({ node }: Watched): string[] =>
      node
        .statements(1)
        .filter((bytes) => bytes[41] === STEP.base)
        .map(hex);
    expect(base(ann)).toHaveLength(1);
    const again = watched(network, 0, {}, copyOf(store));
    expect(base(again)).toEqual(base(ann));
  });
});
