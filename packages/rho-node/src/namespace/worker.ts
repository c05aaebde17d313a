// A namespace in a thread of its own: opens it as it is told, then answers calls until the port closes.
import { parentPort, workerData } from 'node:worker_threads';
import { createMemoryKeyValue } from '@commute/rho-store';
import { openLmdb } from '@commute/rho-store/lmdb';
import { Namespace } from './namespace.ts';
import type { NamespaceCall, NamespaceReply, ThreadOptions } from './thread.ts';

const { name, path, maximumComms } = workerData as ThreadOptions;
const store = path === undefined ? createMemoryKeyValue() : openLmdb({ path });
const namespace = new Namespace({ name, store, ...(maximumComms === undefined ? {} : { maximumComms }) });

function answerOf(call: NamespaceCall): unknown {
  switch (call.kind) {
    case 'run':
      return namespace.run(call.program);
    case 'waiting':
      return namespace.waiting();
    case 'parcel':
      return namespace.parcel(call.to, call.maximum);
    case 'deliver':
      return namespace.deliver(call.from, call.parcel);
    case 'acknowledge':
      namespace.acknowledge(call.to, call.through);
      return undefined;
  }
}

parentPort!.on('message', ({ id, call }: { id: number; call: NamespaceCall | { kind: 'close' } }) => {
  if (call.kind === 'close') {
    void store.close().then(() => {
      parentPort!.close();
    });
    return;
  }
  let reply: NamespaceReply;
  try {
    reply = { id, ok: true, value: answerOf(call) };
  } catch (error) {
    const { message, code } = error as Error & { code?: string };
    reply = { id, ok: false, code: code ?? 'RHO_NODE_THREAD_FAILED', message };
  }
  parentPort!.postMessage(reply);
});
