/*
 * What the packages do in Node must be what they do in a browser, to the byte. Each scenario runs in both and returns text;
 * the two texts have to be equal.
 */
import { parseElf, type Elf } from '@commute/elf';
import { createFastVM } from '@commute/fast-vm';
import { canShareMemory, createFieldEngine } from '@commute/field';
import { decodeSnapshot, encodeSnapshot, keccak256 } from '@commute/machine';
import { createMicroRiscv, proveStep, verifyStep } from '@commute/micro-riscv';
import {
  BLAKE3,
  createCommitmentScheme,
  createOpeningParameters,
  Transcript,
  verifyOpening,
} from '@commute/poly-commit';
import {
  createMemoryKeyValue,
  makeBlock,
  replayBlock,
  RhoSpace,
  Tracer,
  unsignedDeploy,
  verifyStore,
} from '@commute/rho-store';
import { createRiscvLayer } from '@commute/riscv-swap';
import { createStarkSystem, prove, type Statement, statementOf, type TableTrace, verify } from '@commute/stark';
import { fileStatement, fileTables, fileTraces } from '../../../packages/stark/examples/blake3-file.ts';
import { fibonacciTrace } from '../../../packages/stark/examples/fibonacci.ts';
import {
  FaultyMachine,
  MemorySnapshotStore,
  checkRun,
  createLyingParty,
  createParty,
  inProcessPool,
  layerRules,
  remoteParty,
  runWithSnapshots,
  serveParty,
  settleDispute,
  type DisputePort,
  type Party,
} from '@commute/swap';

/** Programs by file name. */
export type Programs = Readonly<Record<string, Uint8Array>>;

/** Something that must come out the same everywhere. */
export interface Scenario {
  readonly name: string;
  readonly run: (programs: Programs) => Promise<string> | string;
}

/** Threads that an engine asked for four of them gets where it may share memory, and where it may not. */
export const FIELD_THREADS = { shared: 4, alone: 1 } as const;

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const input = Uint8Array.from({ length: 3000 }, (_, i) => (i * 31) & 0xff);

function elfOf(programs: Programs, name: string): Elf {
  const parsed = parseElf(programs[name] ?? new Uint8Array(0));
  if (!parsed.ok) throw new Error(`${name}: ${parsed.reason}`);
  return parsed.elf;
}

/** Proves traces on as many threads as there may be, verifies the proof, and a damaged one; the bytes must not depend on the threads. */
async function proveTraces(traces: readonly TableTrace[], given?: Statement): Promise<string> {
  const engine = await createFieldEngine({ threads: FIELD_THREADS.shared });
  const expected = canShareMemory() ? FIELD_THREADS.shared : FIELD_THREADS.alone;
  expectTrue(engine.threads === expected, `${String(expected)} threads, got ${String(engine.threads)}`);
  const system = createStarkSystem(
    traces.map(({ table }) => table),
    { securityBits: 80, queryWork: 10, maximumLogRows: 13, maximumDegree: 3 },
  );
  const statement = given ?? statementOf(engine, system, traces);
  const proof = prove(engine, system, traces, statement);
  engine.dispose();
  const verdict = verify(system, statement, proof);
  expectTrue(verdict.ok, 'the proof to be accepted');
  const damaged = proof.slice();
  damaged[damaged.length >> 1]! ^= 1;
  expectTrue(!verify(system, statement, damaged).ok, 'a damaged proof to be refused');
  return `${String(proof.length)}:${hex(BLAKE3.digest(proof))}`;
}

function expectTrue(condition: boolean, what: string): void {
  if (!condition) throw new Error(`expected ${what}`);
}

export const scenarios: readonly Scenario[] = [
  {
    name: 'the fast machine hashes, and its root is the same',
    run: async (programs) => {
      const machine = createFastVM();
      machine.load(elfOf(programs, 'sha256.elf'), { input });
      const steps = machine.run(10_000_000);
      const expected = hex(new Uint8Array(await crypto.subtle.digest('SHA-256', input)));
      expectTrue(text(machine.output()).trim() === expected, 'the digest that WebCrypto computes');
      return `${String(steps)} ${hex(machine.root())}`;
    },
  },
  {
    name: 'the micro machine proves its steps, and a verifier without a machine follows them',
    run: (programs) => {
      const machine = createMicroRiscv();
      machine.load(elfOf(programs, 'sha256.micro.elf'), { input });
      machine.run(20_000);
      const seen: string[] = [];
      for (let step = 0; step < 40; step++) {
        const before = machine.root();
        const proof = proveStep(machine);
        machine.advance(1);
        const verdict = verifyStep(machine.parameters, before, proof);
        expectTrue(verdict.ok && hex(verdict.rootAfter) === hex(machine.root()), 'the root that the machine comes to');
        proof[proof.length - 1]! ^= 1;
        expectTrue(!verifyStep(machine.parameters, before, proof).ok, 'a damaged proof to be refused');
        seen.push(`${String(proof.length)}:${hex(keccak256.digest(proof)).slice(0, 8)}`);
      }
      return seen.join(' ');
    },
  },
  {
    name: 'a snapshot goes through bytes',
    run: (programs) => {
      const machine = createFastVM();
      machine.load(elfOf(programs, 'hello.elf'));
      machine.run(20);
      const bytes = encodeSnapshot(machine.snapshot());
      const decoded = decodeSnapshot(bytes);
      expectTrue(decoded.ok && hex(decoded.snapshot.root()) === hex(machine.root()), 'the same state');
      return hex(keccak256.digest(bytes));
    },
  },
  {
    name: 'both machines agree on every step, and a planted mistake is found',
    run: async (programs) => {
      const layer = createRiscvLayer();
      const elf = elfOf(programs, 'hello.elf');
      const check = async (fault?: number): Promise<string> => {
        const upper = (): ReturnType<typeof layer.upper> | FaultyMachine =>
          fault === undefined
            ? layer.upper()
            : new FaultyMachine(layer.upper(), { step: fault, address: 0xe000_0050, bit: 3 });
        const machine = upper();
        machine.load(elf);
        const { store } = await runWithSnapshots({ machine, stepsPerSnapshot: 64 });
        const report = await checkRun({ store, pool: inProcessPool([{ ...layer, upper }]) });
        return `${String(report.agreed)} ${String(report.steps)} ${String(report.firstDifference?.step)}`;
      };
      return `${await check()}; ${await check(77)}`;
    },
  },
  {
    name: 'a dispute over a message channel ends at the step where the lie begins',
    run: async (programs) => {
      const layer = createRiscvLayer();
      const machine = layer.upper();
      machine.load(elfOf(programs, 'hello.elf'));
      const initialRoot = machine.root();
      const store = new MemorySnapshotStore();
      await runWithSnapshots({ machine, stepsPerSnapshot: 50, store });
      const ports: { close: () => void }[] = [];
      const remote = (party: Party): Party => {
        const { port1, port2 } = new MessageChannel();
        ports.push(port1, port2);
        serveParty(party, port1 as unknown as DisputePort);
        return remoteParty(party.name, port2 as unknown as DisputePort);
      };
      const honest = remote(createParty({ name: 'honest', stack: [layer], store }));
      const liar = remote(
        createLyingParty({ name: 'liar', stack: [layer], store }, { at: [33, 21], address: 0xe000_0050, bit: 0 }),
      );
      const result = await settleDispute([liar, honest], {
        hasher: keccak256,
        layers: layerRules([layer]),
        verifyStep: (rootBefore, proof) => verifyStep(layer.verifier, rootBefore, proof),
        initialRoot,
      });
      for (const port of ports) port.close();
      expectTrue(result.winner === 1, 'the honest party to win');
      return `${String(result.step)} ${String(result.microStep)} ${String(result.rounds)} ${hex(result.verifiedRoot ?? new Uint8Array(0))}`;
    },
  },
  {
    name: 'the field transforms and multiplies on as many threads as the page allows',
    run: async () => {
      const engine = await createFieldEngine({ threads: FIELD_THREADS.shared });
      const expected = canShareMemory() ? FIELD_THREADS.shared : FIELD_THREADS.alone;
      expectTrue(engine.threads === expected, `${String(expected)} threads, got ${String(engine.threads)}`);
      const rows = 2 ** 12;
      const values = Array.from(
        { length: 8 * rows },
        (_, i) => (BigInt(i) * 0x9e37_79b9_7f4a_7c15n) % 0xffff_ffff_0000_0001n,
      );
      const a = engine.from(values, 8);
      const b = engine.from(values, 8);
      engine.evaluateInPlace(a);
      engine.multiplyInto(a, a, a);
      engine.interpolateInPlace(a);
      const sum = engine.sum(a.column(3));
      engine.evaluateInPlace(b);
      engine.interpolateInPlace(b);
      expectTrue(b.get(5) === values[5], 'the transform and its inverse to cancel');
      engine.dispose();
      return String(sum);
    },
  },
  {
    name: 'polynomials are committed to and opened',
    run: async () => {
      const limits = { maximumLogRows: 10, maximumFunctions: 20 };
      const parameters = createOpeningParameters({ securityBits: 80, logBlowup: 2, queryWork: 10, ...limits });
      const engine = await createFieldEngine({ threads: FIELD_THREADS.shared });
      const values = Array.from({ length: 4 * 1024 }, (_, i) => BigInt(i) ** 3n);
      const scheme = createCommitmentScheme(engine, parameters);
      const batch = scheme.commit([engine.from(values, 4), engine.from(values.slice(0, 256))]);
      const points = [[[3n, 1n, 4n]], [[1n, 5n, 9n]]];
      const proof = scheme.open([{ batch, points }], new Transcript('browser'));
      const rounds = [{ commitment: batch.commitment, points }];
      const verdict = verifyOpening(parameters, rounds, proof, new Transcript('browser'));
      engine.dispose();
      expectTrue(verdict.ok, 'the opening to be accepted');
      expectTrue(!verifyOpening(parameters, rounds, proof, new Transcript('other')).ok, 'another transcript to differ');
      return `${hex(batch.commitment.root)} ${String(proof.evaluations.flat(4))} ${String(proof.lowDegree.queryNonce)}`;
    },
  },
  {
    name: 'Fibonacci numbers are proved and verified',
    run: () => proveTraces([fibonacciTrace(2 ** 13)]),
  },
  {
    name: 'the BLAKE3 digest of a file is proved and verified',
    run: () => {
      const { traces } = fileTraces(input);
      const digest = BLAKE3.digest(input);
      expectTrue(traces.length === fileTables.length, 'a trace for each table');
      return proveTraces(traces, fileStatement(input.length, digest));
    },
  },
  {
    name: 'Rholang runs in blocks on a store, which verifies and replays',
    run: () => {
      const store = createMemoryKeyValue();
      const space = new RhoSpace(store);
      const lines: string[] = [];
      const sources = [
        'contract @"square"(@n, reply) = { reply!(n * n) }',
        'new r, out(`rho:io:stdout`) in {\n  @"square"!(12, *r) | for (@x <- r) { out!(x) }\n}',
      ];
      for (const [after, source] of sources.entries()) {
        const about = { file: 'a.rho', timestamp: 1000, after, tokens: 100, tokensFor: undefined };
        const { outcomes } = makeBlock(space, { deploys: [unsignedDeploy({ ...about, source })], timestamp: 2000 });
        for (const { output, comms } of outcomes)
          lines.push(`${String(comms)} ${output.map(({ text }) => text).join()}`, hex(space.root()));
      }
      expectTrue(verifyStore(space.history).ok, 'the store to be in order');
      expectTrue(replayBlock(space, 2).ok, 'the block to replay');
      const trace = new Tracer(store).block(2);
      const places = trace.ok
        ? trace.comms.flatMap(({ role, receive }) => (role === undefined ? [receive?.line] : []))
        : [];
      return Promise.resolve(`${lines.join(' ')} ${places.join()}`);
    },
  },
];
