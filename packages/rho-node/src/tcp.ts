import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { OLDEST_VERSION, PROTOCOL_VERSION } from './frame.ts';
import type { RhoNode } from './rho-node.ts';
import { Session, type SessionOptions, type SessionReason } from './session.ts';

/** How connections are bounded and watched. */
export interface ConnectionOptions extends SessionOptions {
  /** Milliseconds without a byte, either way, while bytes are owed, after which a connection is given up; 30,000 unless told. */
  readonly timeout?: number;
  /** Is told how each connection ended. */
  readonly onEnd?: (reason: SessionReason) => void;
}

/** Where a node listens. */
export interface ServeOptions extends ConnectionOptions {
  /** 127.0.0.1 unless told. */
  readonly host?: string;
  /** Any free one unless told. */
  readonly port?: number;
  /** Most connections at a time; 64 unless told. */
  readonly maximumConnections?: number;
}

/** A node that listens. */
export interface Serving {
  readonly port: number;
  /** The round that is open at each node that is connected; 0 before it said so. */
  readonly rounds: () => readonly number[];
  /** Ends all connections and listens no more. Idempotent. */
  readonly close: () => Promise<void>;
}

const HELLO_TIMEOUT = 10_000;

/** Runs a session over a socket that is connected; the function that is returned ends it. */
function attach(node: RhoNode, socket: Socket, { onEnd, timeout = 30_000, ...options }: ConnectionOptions): Session {
  socket.setNoDelay(true);
  socket.setKeepAlive(true, timeout);
  const wire = {
    write: (bytes: Uint8Array): void => void socket.write(bytes),
    waiting: (): number => socket.writableLength,
    close: (): void => void socket.destroy(),
  };
  const session = new Session(
    node,
    wire,
    (reason) => {
      clearTimeout(hello);
      onEnd?.(reason);
    },
    options,
  );
  const hello = setTimeout(() => {
    session.end('slow');
  }, HELLO_TIMEOUT);
  // A side that takes nothing of what waits for it is given up; an idle one is not.
  socket.setTimeout(timeout, () => {
    if (socket.writableLength > 0) session.end('slow');
  });
  socket.on('data', (chunk: Buffer) => {
    clearTimeout(hello);
    session.receive(chunk);
  });
  // The reason is that of the close event, which follows.
  socket.on('error', () => undefined);
  socket.on('close', () => {
    session.end('closed');
  });
  return session;
}

/**
 * Lets other nodes connect to this one. Statements are signed; the connection itself is neither encrypted nor authenticated.
 *
 * @throws Error of the system if it cannot listen.
 */
export async function serve(
  node: RhoNode,
  { host = '127.0.0.1', port = 0, maximumConnections = 64, ...options }: ServeOptions = {},
): Promise<Serving> {
  const sessions = new Set<Session>();
  const server: Server = createServer((socket) => {
    // Nodes that speak older versions say hello first, and are answered in theirs.
    const session = attach(node, socket, { waits: true, ...options });
    sessions.add(session);
    socket.on('close', () => sessions.delete(session));
  });
  server.maxConnections = maximumConnections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  let closed: Promise<void> | undefined;
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    rounds: () => [...sessions].map((one) => one.round),
    close: () =>
      (closed ??= new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        for (const session of sessions) session.end();
      })),
  };
}

/** Where a node connects to. */
export interface ConnectOptions extends ConnectionOptions {
  /** 127.0.0.1 unless told. */
  readonly host?: string;
  readonly port: number;
  /** Milliseconds from the end of a connection to the next try, at first; doubles up to 64 times this. 250 unless told. */
  readonly retry?: number;
}

/** A connection that is made again and again. */
export interface Connecting {
  /** The round that is open at the other node; nothing while there is no connection. */
  readonly rounds: () => readonly number[];
  /** Ends it for good. */
  readonly close: () => Promise<void>;
}

/** Keeps a connection to another node, again and again until it is closed. */
export function connect(
  node: RhoNode,
  { host = '127.0.0.1', port, retry = 250, ...options }: ConnectOptions,
): Connecting {
  let over = false;
  let wait = retry;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let socket: Socket | undefined;
  let session: Session | undefined;
  /** Of the protocol: an older one for the next try after the other node said that it speaks no newer one. */
  let version = options.version ?? PROTOCOL_VERSION;
  let gone: Promise<void> = Promise.resolve();
  const open = (): void => {
    const one = createConnection({ host, port });
    socket = one;
    one.on('error', () => undefined);
    one.on('connect', () => {
      wait = retry;
      session = attach(node, one, { ...options, version });
    });
    gone = new Promise((resolve) => {
      one.on('close', () => {
        session?.end();
        const offered = session?.offered ?? 0;
        const newest = options.version ?? PROTOCOL_VERSION;
        version = session?.version === 0 && offered >= OLDEST_VERSION && offered < version ? offered : newest;
        session = undefined;
        if (!over) timer = setTimeout(open, wait);
        wait = Math.min(wait * 2, retry * 64);
        resolve();
      });
    });
  };
  open();
  return {
    rounds: () => (session === undefined ? [] : [session.round]),
    close: async () => {
      over = true;
      clearTimeout(timer);
      socket?.destroy();
      await gone;
    },
  };
}
