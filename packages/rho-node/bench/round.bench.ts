/**
 * Rounds of two nodes in one process, and messages between two namespaces, in memory. Run it from the package folder with
 * `node --conditions=@commute/source bench/round.bench.ts`. Figures are per second of processor time, of which the two nodes together
 * take all; the yardstick is SHA-256 of 136 bytes by `@noble/hashes`.
 */
import { cpus } from 'node:os';
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { createMemoryKeyValue, verifyStore } from '@commute/rho-store';
import { createNetwork, exchange, Namespace, RhoNode } from '../src/index.ts';

const processor = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const rate = (count: number, milliseconds: number): string => `${((count / milliseconds) * 1000).toFixed(0)}/s`;

const sample = new Uint8Array(136);
for (let index = 0; index < 20_000; index += 1) sha256(sample);
const started = processor();
for (let index = 0; index < 100_000; index += 1) sha256(sample);
console.log(
  `node ${process.version}, ${cpus()[0]?.model ?? 'unknown'}; SHA-256 of 136 bytes: ${rate(100_000, processor() - started)}`,
);

const [rounds, deploys] = [10, 100];
const workloads: Record<string, { program: (node: number, index: number) => string; refused: boolean }> = {
  'on keys of their own': {
    program: (node, index) =>
      `for (@n <- @"${String(node * deploys + index)}") { @"${String(node * deploys + index)}"!(n + 1) }`,
    refused: false,
  },
  'on one contract': { program: (_, index) => `@"log"!(${String(index)})`, refused: false },
  'half of which conflict': {
    program: (node, index) => {
      const key = index % 2 === 0 ? index : node * deploys + index;
      return `for (@n <- @"${String(key)}") { @"${String(key)}"!(n + 1) }`;
    },
    refused: true,
  },
};
for (const [name, { program, refused }] of Object.entries(workloads)) {
  const keys = [1, 2].map((byte) => new Uint8Array(32).fill(byte));
  const members = keys.map((key) => ({ publicKey: ed25519.getPublicKey(key) }));
  const cells = Array.from({ length: 2 * deploys }, (_, index) => `@"${String(index)}"!(0)`).join(' | ');
  const network = createNetwork({ members, genesis: `contract @"log"(_) = { Nil } | ${cells}` });
  const nodes = keys.map((secretKey) => new RhoNode({ store: createMemoryKeyValue(), network, secretKey }));
  let [accepted, gave] = [0, 0];
  for (const [index, node] of nodes.entries())
    node.listen((event) => {
      if (event.kind === 'statement') nodes[1 - index]!.receive(event.statement.bytes);
      if (event.kind !== 'closed' || index > 0) return;
      accepted += event.accepted.length;
      gave += event.refused.length;
    });
  const begin = processor();
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, node] of nodes.entries())
      for (let each = node.queue().length; each < deploys; each += 1) node.deploy(program(index, each));
    nodes[0]!.propose();
  }
  const time = processor() - begin;
  if (nodes.some((node) => node.round !== rounds + 1) || gave > 0 !== refused) throw new Error(`${name}: not merged`);
  if (nodes.some((node) => !verifyStore(node.space.history).ok)) throw new Error('damaged');
  console.log(
    `${name.padEnd(24)} ${rate(rounds, time).padStart(6)} rounds, ${rate(accepted, time).padStart(8)} deploys accepted, ${String(gave)} of ${String(accepted + gave)} refused`,
  );
}

const [ann, bob] = ['ann', 'bob'].map((name) => new Namespace({ name, store: createMemoryKeyValue() })) as [
  Namespace,
  Namespace,
];
bob.run('contract @"in"(_) = { Nil }');
const messages = 10_000;
const begin = processor();
ann.run(
  `new send(\`rho:namespace:send\`), loop in { contract loop(@n) = { if (n > 0) { send!("bob", "in", n) | loop!(n - 1) } } | loop!(${String(messages)}) }`,
);
const sent = processor();
const { delivered } = await exchange([ann, bob]);
if (delivered !== messages) throw new Error('not delivered');
console.log(
  `namespaces: ${rate(messages, sent - begin)} messages sent, ${rate(messages, processor() - sent)} delivered`,
);
