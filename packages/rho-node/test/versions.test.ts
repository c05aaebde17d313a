import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import {
  decodeCertificate,
  encodeMessage,
  FrameReader,
  Session,
  STEP,
  type Message,
  type SessionReason,
} from '../src/index.ts';
import { connect, serve, type ConnectionOptions } from '../src/node.ts';
import { contentOf, expectSame, hex, networkOf, until, watched, type Watched } from './cluster.ts';
import { members } from './transfer-network.ts';

const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serving(one: Watched, options: ConnectionOptions = {}): Promise<number> {
  const server = await serve(one.node, options);
  closers.push(server.close);
  return server.port;
}

/** A hello as nodes of version 3 say it, written down. */
const oldHello = (network: Uint8Array, round: number): Uint8Array =>
  Uint8Array.of(0, 0, 0, 42, 1, 3, ...network, 0, 0, 0, 0, 0, 0, 0, round);

interface Heard {
  readonly socket: Socket;
  readonly bytes: number[];
  readonly messages: Message[];
  closed: boolean;
}

/** What a socket hears, as bytes and as messages. */
function hear(socket: Socket): Heard {
  const reader = new FrameReader(2 ** 26);
  const heard: Heard = { socket, bytes: [], messages: [], closed: false };
  socket.on('data', (data) => {
    heard.bytes.push(...data);
    heard.messages.push(...reader.push(data));
  });
  socket.on('error', () => undefined);
  socket.on('close', () => (heard.closed = true));
  closers.push(() => void socket.destroy());
  return heard;
}

describe('the version of the protocol', () => {
  test('is the old one with a node that knows no other, whoever connects', async () => {
    const [network, forgets] = members(6);
    const port = await serving(forgets);
    // It hears nothing before it says hello, and then what it knows.
    const client = hear(createConnection({ port, host: '127.0.0.1' }));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(client.bytes).toEqual([]);
    const round = forgets.node.oldest;
    client.socket.write(oldHello(network.id, round));
    await until(
      () => client.messages.filter(({ kind }) => kind === 'statement').length >= 2,
      () => JSON.stringify(client.messages.map(({ kind }) => kind)),
    );
    expect(hex(Uint8Array.from(client.bytes.slice(0, 46)))).toBe(hex(oldHello(network.id, 7)));
    const steps = client.messages.flatMap((one) => {
      const decoded = one.kind === 'certificate' ? decodeCertificate(network, one.bytes) : undefined;
      return decoded?.ok === true ? [decoded.certificate.step] : [];
    });
    expect(steps).toEqual([STEP.blockCommit]);
    client.socket.write(encodeMessage({ kind: 'want-state', round: 1 }));
    await until(
      () => client.closed,
      () => 'the end: in version 3 there is no such frame',
    );
    expect(client.messages.every(({ kind }) => kind !== 'refused')).toBe(true);
    // One that is connected to says its hello at once, and ends at a newer one.
    const told: number[][] = [];
    const server = createServer((socket) => {
      const heard = hear(socket);
      socket.write(oldHello(network.id, 1));
      socket.on('data', () => {
        if (told.length < 10) told.push(heard.bytes.slice(4, 6));
        if (heard.bytes[5] !== 3) socket.destroy();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(
      () =>
        new Promise<void>((resolve) =>
          server.close(() => {
            resolve();
          }),
        ),
    );
    const ended: SessionReason[] = [];
    const connecting = connect(forgets.node, {
      port: (server.address() as AddressInfo).port,
      retry: 5,
      onEnd: (reason) => ended.push(reason),
    });
    closers.push(connecting.close);
    await until(
      () => connecting.rounds()[0] === 1 && told.length >= 2,
      () => JSON.stringify(told),
    );
    expect(told.slice(0, 2)).toEqual([
      [1, 4],
      [1, 3],
    ]);
    expect(ended).toEqual(['other-version']);
  });

  test('lets nodes of both agree, in rounds of which a quorum does not say what they begin with', async () => {
    const network = networkOf(2);
    const [old, young] = [watched(network, 0), watched(network, 1)];
    const { close } = connect(young.node, { port: await serving(old, { version: 3 }), retry: 5 });
    closers.push(close);
    for (let round = 1; round <= 3; round += 1) {
      for (const { node } of [old, young]) node.deploy(`@"${String(node.member)}"!(${String(round)})`);
      old.node.propose();
      await until(
        () => [old, young].every(({ node }) => node.round === round + 1),
        () => `round ${String(round)}`,
      );
    }
    expectSame([old, young], 4);
    expect(contentOf(young)).toHaveLength(6);
    expect(young.node.certificates(1)).toHaveLength(1);
    expect(young.node.stateOffer()).toBeUndefined();
  });

  test('that nobody else speaks is refused, and so is a frame of one to come, with the reason', async () => {
    const [network, forgets] = members(1);
    const ended: SessionReason[] = [];
    const port = await serving(forgets, { onEnd: (reason) => ended.push(reason) });
    const far = hear(createConnection({ port, host: '127.0.0.1' }));
    far.socket.write(encodeMessage({ kind: 'hello', version: 9, oldest: 8, network: network.id, round: 1 }));
    await until(
      () => far.closed,
      () => 'refusal',
    );
    expect(far.messages).toEqual([{ kind: 'refused', about: 1, reason: 'other-version', oldest: 3, version: 4 }]);
    expect(ended).toEqual(['other-version']);
    const foreign = hear(createConnection({ port, host: '127.0.0.1' }));
    foreign.socket.write(
      encodeMessage({ kind: 'hello', version: 4, oldest: 3, network: new Uint8Array(32), round: 1 }),
    );
    await until(
      () => foreign.closed,
      () => 'refusal',
    );
    expect(foreign.messages).toEqual([{ kind: 'refused', about: 1, reason: 'other-network', oldest: 3, version: 4 }]);
    // One that speaks a later version besides is spoken with.
    const later = hear(createConnection({ port, host: '127.0.0.1' }));
    later.socket.write(encodeMessage({ kind: 'hello', version: 9, oldest: 4, network: network.id, round: 2 }));
    for (const code of [77, 78, 77]) later.socket.write(Uint8Array.of(0, 0, 0, 3, code, 1, 2));
    await until(
      () => later.messages.filter(({ kind }) => kind === 'refused').length === 2,
      () => JSON.stringify(later.messages),
    );
    expect(later.messages).toMatchObject([
      { kind: 'hello', version: 4, oldest: 3 },
      { kind: 'refused', about: 77, reason: 'unknown-frame' },
      { kind: 'refused', about: 78, reason: 'unknown-frame' },
    ]);
    expect(later.closed).toBe(false);
  });

  test('is known to whoever is refused', () => {
    const one = watched(networkOf(1), 0);
    for (const [reason, expected] of [
      ['other-version', 'other-version'],
      ['other-network', 'other-network'],
      ['other', 'other-version'],
    ] as const) {
      const ended: SessionReason[] = [];
      const wire = { write: () => undefined, waiting: () => 0, close: () => undefined };
      const session = new Session(one.node, wire, (why) => ended.push(why));
      session.receive(encodeMessage({ kind: 'refused', about: 1, reason, oldest: 8, version: 9 }));
      expect(ended).toEqual([expected]);
    }
  });
});
