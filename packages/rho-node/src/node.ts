/**
 * Nodes over TCP and namespaces in threads, for Node.
 *
 * @module
 */
export {
  connect,
  serve,
  type Connecting,
  type ConnectionOptions,
  type ConnectOptions,
  type ServeOptions,
  type Serving,
} from './tcp.ts';
export { NamespaceThread, NamespaceThreadError, type ThreadOptions } from './namespace/thread.ts';
