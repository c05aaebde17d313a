import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { encodeMessage, Session, signStatement, type SessionReason, type Wire } from '../src/index.ts';
import { connect, serve, type ConnectionOptions, type Serving } from '../src/node.ts';
import { contentOf, eventsOf, expectSame, keyOf, networkOf, until, watched, type Watched } from './cluster.ts';

const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serving(one: Watched, options: ConnectionOptions = {}): Promise<number> {
  const server = await serve(one.node, options);
  closers.push(server.close);
  return server.port;
}

function connected(one: Watched, port: number, options: ConnectionOptions = {}): void {
  closers.push(connect(one.node, { port, retry: 5, ...options }).close);
}

const rounds = (nodes: readonly Watched[], round: number): Promise<void> =>
  until(
    () => nodes.every((one) => one.node.round === round),
    () => `round ${String(round)} at all nodes: ${nodes.map((one) => JSON.stringify(one.node.status())).join(' ')}`,
  );

/** Passes bytes on between a client and a port. `through` says what becomes of each chunk that the client gets. */
async function proxy(
  port: number,
  through: (chunk: Buffer, to: Socket, connection: number) => void,
): Promise<{ port: number; connections: () => number }> {
  let connections = 0;
  const sockets = new Set<Socket>();
  const server: Server = createServer((inner) => {
    connections += 1;
    const number = connections;
    const outer = createConnection({ port, host: '127.0.0.1' });
    for (const [one, two] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      sockets.add(one);
      one.on('error', () => undefined);
      one.on('close', () => two.destroy());
    }
    inner.on('data', (chunk) => outer.write(chunk));
    outer.on('data', (chunk) => {
      through(chunk, inner, number);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    for (const one of sockets) one.destroy();
    return new Promise<void>((resolve) =>
      server.close(() => {
        resolve();
      }),
    );
  });
  return { port: (server.address() as { port: number }).port, connections: () => connections };
}

describe('nodes over TCP', () => {
  test('two merge what does not conflict, decide what does, and propose again what gave way', async () => {
    const network = networkOf(2, { genesis: '@"seat"!(7) | @"seat"!(7)', decision: 'votes' }, [1n, 2n]);
    const [ann, bob] = [watched(network, 0), watched(network, 1)];
    connected(bob, await serving(ann));
    // Both propose at the same time.
    ann.node.deploy('@"a"!(1)');
    bob.node.deploy('@"b"!(1)');
    ann.node.propose();
    bob.node.propose();
    await rounds([ann, bob], 2);
    expectSame([ann, bob], 2);
    expect(eventsOf(ann, 'closed')[0]!.pairs).toEqual([]);
    ann.node.deploy('for (@n <- @"seat") { @"ann"!(n) }');
    bob.node.deploy('for (@n <- @"seat") { @"bob"!(n) }');
    bob.node.propose();
    ann.node.propose();
    await rounds([ann, bob], 3);
    expectSame([ann, bob], 3);
    expect(eventsOf(ann, 'refused')).toHaveLength(1);
    expect(contentOf(ann)).toEqual(['"a"!(1)', '"b"!(1)', '"bob"!(7)', '"seat"!(7)']);
    ann.node.propose();
    await rounds([ann, bob], 4);
    expectSame([ann, bob], 4);
    expect(contentOf(bob)).toEqual(['"a"!(1)', '"ann"!(7)', '"b"!(1)', '"bob"!(7)']);
  });

  test('three in a row pass on what they hear, and one that only follows is brought up to date', async () => {
    const network = networkOf(3, { genesis: '@"seat"!(7)' });
    const nodes = [0, 1, 2].map((index) => watched(network, index));
    connected(nodes[1]!, await serving(nodes[0]!));
    connected(nodes[2]!, await serving(nodes[1]!));
    for (let round = 1; round <= 4; round += 1) {
      for (const [index, one] of nodes.entries())
        one.node.deploy(`for (@n <- @"seat") { @"seat"!(n + ${String(index + 1)}) } | @"r"!(${String(round)})`);
      nodes[round % 3]!.node.propose();
      await rounds(nodes, round + 1);
      expectSame(nodes, round + 1);
    }
    while (nodes.some((one) => one.node.queue().length > 0)) {
      const next = nodes[0]!.node.round + 1;
      nodes[2]!.node.propose();
      await rounds(nodes, next);
    }
    // Each of twelve deploys counted once.
    expect(contentOf(nodes[1]!).at(-1)).toBe('"seat"!(31)');
    // One that follows hears everything from the start.
    const fresh = watched(network, -1);
    expect(() => fresh.node.deploy('Nil')).toThrow('RHO_NODE_ARGUMENT_MISMATCH');
    expect(fresh.node.propose()).toBe(false);
    connected(fresh, await serving(nodes[0]!));
    await rounds([fresh], nodes[0]!.node.round);
    expectSame([...nodes, fresh], nodes[0]!.node.round);
  });

  test('a connection that is killed in the middle of anything is made again, and nothing is lost', async () => {
    const network = networkOf(2, { genesis: '@"seat"!(7)' });
    const [ann, bob] = [watched(network, 0), watched(network, 1)];
    let broken = 0;
    // Each connection is cut after more bytes than the one before, in the middle of a frame.
    const cut = await proxy(await serving(ann), (chunk, to, connection) => {
      const room = connection * 37;
      const sent = to.bytesWritten;
      if (connection > 60 || sent + chunk.length <= room) {
        to.write(chunk);
        return;
      }
      broken += 1;
      to.write(chunk.subarray(0, Math.max(0, room - sent)), () => to.destroy());
    });
    connected(bob, cut.port);
    ann.node.deploy('for (@n <- @"seat") { @"ann"!(n) } | @"a"!(1)');
    bob.node.deploy('for (@n <- @"seat") { @"bob"!(n) } | @"b"!(1)');
    ann.node.propose();
    await rounds([ann, bob], 2);
    expectSame([ann, bob], 2);
    expect(broken).toBeGreaterThan(5);
    expect(contentOf(ann)).toHaveLength(2);
  });

  test('a slow side gets everything byte by byte, and one that takes nothing is given up', async () => {
    const network = networkOf(2);
    const [ann, bob] = [watched(network, 0), watched(network, 1)];
    const trickle = await proxy(await serving(ann), (chunk, to) => {
      for (const byte of chunk) to.write(Uint8Array.of(byte));
    });
    connected(bob, trickle.port);
    bob.node.deploy('@"b"!(1)');
    ann.node.deploy('@"a"!(1)');
    ann.node.propose();
    await rounds([ann, bob], 2);
    expectSame([ann, bob], 2);
    // A side that asks for everything and takes nothing of it: what waits for it is bounded.
    const big = watched(networkOf(1), 0);
    for (let block = 0; block < 8; block += 1) {
      big.node.deploy(`@"${String(block)}"!("${'x'.repeat(50_000)}")`);
      big.node.propose();
    }
    const ended: SessionReason[] = [];
    let [waiting, most] = [0, 0];
    const wire: Wire = {
      write: (bytes) => {
        waiting += bytes.length;
        most = Math.max(most, waiting);
      },
      waiting: () => waiting,
      close: () => undefined,
    };
    const session = new Session(big.node, wire, (reason) => ended.push(reason), { maximumWaiting: 300_000 });
    session.receive(encodeMessage({ kind: 'hello', version: 4, oldest: 3, network: big.node.network.id, round: 1 }));
    expect(ended).toEqual([]);
    for (let round = 2; round <= 8; round += 1) session.receive(encodeMessage({ kind: 'round', round }));
    expect(ended).toEqual(['slow']);
    expect(most).toBeLessThan(600_000);
  });

  test('a hostile side is cut off for what it does, and the others go on', async () => {
    const network = networkOf(2);
    const [ann, bob] = [watched(network, 0), watched(network, 1)];
    const ended: SessionReason[] = [];
    const port = await serving(ann, { onEnd: (reason) => ended.push(reason) });
    const hello = encodeMessage({ kind: 'hello', version: 4, oldest: 3, network: network.id, round: 1 });
    const frame = (...bytes: number[]): Uint8Array => Uint8Array.of(0, 0, 0, bytes.length, ...bytes);
    const body = new Uint8Array(0);
    const statement = (member: number, key: number): Uint8Array =>
      encodeMessage({
        kind: 'statement',
        bytes: signStatement(network, { round: 1, step: 0, view: 0, member, body }, keyOf(key)).bytes,
      });
    const attacks: [readonly Uint8Array[], SessionReason][] = [
      [[Uint8Array.of(0xff, 0xff, 0xff, 0xff)], 'too-large'],
      [[Uint8Array.of(0, 0, 0, 0)], 'malformed'],
      [[frame(9, 1, 2, 3)], 'malformed'],
      [[frame(1, 99)], 'malformed'],
      [[new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n')], 'too-large'],
      [[statement(1, 1)], 'protocol'],
      [[hello, hello], 'protocol'],
      [[hello, encodeMessage({ kind: 'round', round: 1 })], 'protocol'],
      [
        [encodeMessage({ kind: 'hello', version: 4, oldest: 3, network: new Uint8Array(32), round: 1 })],
        'other-network',
      ],
      [[hello, statement(1, 7)], 'bad-signature'],
      [[hello, statement(2, 2)], 'unknown-member'],
      [[hello, encodeMessage({ kind: 'statement', bytes: new Uint8Array(500) })], 'malformed'],
      [[hello, hello.subarray(0, 20)], 'closed'],
    ];
    for (const [parts, reason] of attacks) {
      const before = ended.length;
      const socket = createConnection({ port, host: '127.0.0.1' });
      socket.on('error', () => undefined);
      socket.resume();
      for (const part of parts) socket.write(part);
      if (reason === 'closed') socket.end();
      await until(
        () => ended.length > before,
        () => reason,
      );
      expect(ended.at(-1)).toBe(reason);
      socket.destroy();
    }
    expect(eventsOf(ann, 'statement')).toEqual([]);
    connected(bob, port);
    bob.node.deploy('@"b"!(1)');
    bob.node.propose();
    await rounds([ann, bob], 2);
    expectSame([ann, bob], 2);
  });

  test('an address in use is an error, and a server that is gone is tried again', async () => {
    const network = networkOf(2);
    const [ann, bob] = [watched(network, 0), watched(network, 1)];
    const first = await serve(ann.node);
    await expect(serve(ann.node, { port: first.port })).rejects.toThrow('EADDRINUSE');
    await first.close();
    await first.close();
    connected(bob, first.port);
    bob.node.deploy('@"b"!(1)');
    bob.node.propose();
    await new Promise((resolve) => setTimeout(resolve, 30));
    // Until then the port may be another's, for a connection that it makes.
    let second: Serving | undefined;
    while (second === undefined) second = await serve(ann.node, { port: first.port }).catch(() => undefined);
    closers.push(second.close);
    await rounds([ann, bob], 2);
    expectSame([ann, bob], 2);
  });
});
