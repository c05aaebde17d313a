import { createHash } from 'node:crypto';
import { parseElf } from '@commute/elf';
import { createFieldEngine, type FieldEngine } from '@commute/field';
import { type Hasher, type ProgramImage, Snapshot } from '@commute/machine';
import { createMicroRiscv, MICRO_REGION, microPristine, PROGRAM_BASE } from '@commute/micro-riscv';
import { createRiscvLayer, interpreterProgram } from '@commute/riscv-swap';
import {
  attach,
  createLyingParty,
  createParty,
  detach,
  layerRules,
  runWithSnapshots,
  settleDispute,
} from '@commute/swap';
import { readGuest } from '@commute-tools/guests';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createSettlement,
  decodeSettlement,
  encodeSettlement,
  type Settlement,
  type SettlementProof,
} from '../src/index.ts';

/** The hash of Node, many times quicker than one in JavaScript. */
const hasher: Hasher = {
  name: 'sha256',
  digest: (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()),
};
const demonstration = { securityBits: 20, queryWork: 2 };

let engine: FieldEngine;
beforeAll(async () => {
  engine = await createFieldEngine();
});
afterAll(() => {
  engine.dispose();
});

const words = (...list: number[]): Uint8Array => new Uint8Array(Uint32Array.from(list).buffer);

describe('an interpreter of a few words', () => {
  // lui a1, 2; lw a2, 0(a1); addi a2, a2, 1; sw a2, 0(a1); lw a3, 64(a1); li a7, 93; ecall
  const bytes = words(0x0000_25b7, 0x0005_a603, 0x0016_0613, 0x00c5_a023, 0x0405_a683, 0x05d0_0893, 0x0000_0073);
  const interpreter = { entry: PROGRAM_BASE, segments: [{ address: PROGRAM_BASE, bytes, executable: true }] };
  const pristine = microPristine(interpreter, { log2Period: 10, hasher });
  const steps = 2 ** 10;
  let settlement: Settlement;
  let before: Snapshot;
  let after: Uint8Array;
  let proof: Uint8Array<ArrayBuffer>;
  let parts: SettlementProof;

  function stateWith(values: readonly (readonly [number, number])[]): Snapshot {
    const machine = createMicroRiscv({ hasher, pristine });
    machine.restore(Snapshot.empty(hasher).withRegion(MICRO_REGION, pristine.content));
    for (const [address, value] of values) machine.memory.storeWord(address, value);
    return machine.snapshot();
  }

  beforeAll(async () => {
    settlement = createSettlement({ engine, interpreter, pristine, ...demonstration });
    before = stateWith([
      [0x2000, 41],
      [0x2004, 7],
      [0x2040, 9],
    ]);
    const machine = createMicroRiscv({ hasher, pristine });
    machine.restore(before);
    machine.advance(steps);
    after = machine.root();
    proof = await settlement.prove(before, steps);
    const decoded = decodeSettlement(proof);
    if (!decoded.ok) throw new Error(decoded.reason);
    parts = decoded.value;
  });

  test('leads to the root that the machine arrives at', () => {
    expect(settlement.verify(before.root(), proof, steps)).toEqual({ ok: true, rootAfter: after });
    expect(encodeSettlement(parts)).toEqual(proof);
  });

  test('proves nothing about another state, or fewer steps', () => {
    const other = stateWith([[0x2000, 42]]);
    expect(settlement.verify(other.root(), proof, steps)).toEqual({ ok: false, reason: 'root-mismatch' });
    for (const other of [8, 2 ** 9, 2 ** 11]) {
      expect(settlement.verify(before.root(), proof, other)).toEqual({ ok: false, reason: 'other-steps' });
    }
  });

  test('is refused where a cell is changed, left out, or added', () => {
    const { cells } = parts;
    const word = cells.findIndex(({ key }) => key === 0x2000);
    expect(cells[word]).toMatchObject({ after: 42 });
    const forged: SettlementProof['cells'][] = [
      cells.map((cell, index) => (index === word ? { ...cell, after: 43 } : cell)),
      cells.map((cell, index) => (index === word ? { ...cell, stamp: 2 } : cell)),
      cells.filter((_, index) => index !== word),
      cells.filter(({ key }) => key !== 0x2040),
      [...cells.slice(0, word + 1), { key: 0x2004, after: 1, stamp: 1 }, ...cells.slice(word + 1)],
    ];
    for (const list of forged) {
      const refused = settlement.verify(before.root(), encodeSettlement({ ...parts, cells: list }), steps);
      // The list is bound before anything is drawn.
      expect(refused).toEqual({ ok: false, reason: 'other-run' });
    }
  });

  test('is refused where cells are listed that nobody can have touched', () => {
    const { cells } = parts;
    const judge = (list: SettlementProof['cells']): unknown =>
      settlement.verify(before.root(), encodeSettlement({ ...parts, cells: list }), steps);
    const word = cells.findIndex(({ key }) => key === 0x2000);
    const refused = { ok: false, reason: 'out-of-range' };
    expect(judge(cells.map((cell, index) => (index === word ? { ...cell, stamp: 0 } : cell)))).toEqual(refused);
    expect(judge([...cells, { key: 2 ** 32 + 37, after: 0, stamp: 1 }])).toEqual(refused);
    expect(judge([...cells.slice(0, word), { key: 0x1ffe, after: 0, stamp: 1 }, ...cells.slice(word)])).toEqual(
      refused,
    );
    // More than seven in each of eight cycles.
    const upper = cells.filter(({ key }) => key < MICRO_REGION.base);
    const idle = (count: number): SettlementProof['cells'] =>
      Array.from({ length: count }, (_, k) => ({ key: 0xff80_0000 + 4 * k, after: 0, stamp: 1 }));
    const registers = cells.filter(({ key }) => key >= 2 ** 32);
    const others = 7 * 8 - upper.length - registers.length;
    expect(judge([...upper, ...idle(others), ...registers])).toEqual({ ok: false, reason: 'other-run' });
    expect(judge([...upper, ...idle(others + 1), ...registers])).toEqual({ ok: false, reason: 'other-memory' });
  });

  test('is refused where the prover is dishonest from the beginning', async () => {
    // Proves for another state, in which an address holds another value; then opens the true one.
    const lies = [
      stateWith([
        [0x2000, 50],
        [0x2004, 7],
        [0x2040, 9],
      ]),
      stateWith([
        [0x2000, 41],
        [0x2004, 7],
        [0x2040, 10],
      ]),
    ];
    for (const lie of lies) {
      // Makes the prover bind the true root and list.
      const decoded = decodeSettlement(await settlement.prove(disguised(lie, before), steps));
      if (!decoded.ok) throw new Error(decoded.reason);
      const refused = settlement.verify(
        before.root(),
        encodeSettlement({ ...decoded.value, opening: parts.opening }),
        steps,
      );
      expect(refused).toEqual({ ok: false, reason: 'other-memory' });
    }
  });

  test('is refused where the auxiliary state is not pristine', async () => {
    const machine = createMicroRiscv({ hasher, pristine });
    machine.restore(before);
    machine.memory.storeWord(0xff80_0000, 1);
    const dirty = machine.snapshot();
    expect(settlement.verify(dirty.root(), await settlement.prove(dirty, steps), steps)).toEqual({
      ok: false,
      reason: 'not-pristine',
    });
  });

  test('no damaged byte is accepted, and none throws', () => {
    const places = Array.from({ length: 60 }, (_, index) =>
      index < 30 ? 3 * index : Math.floor((index * proof.length) / 60),
    );
    for (const place of places) {
      const damaged = proof.slice();
      damaged[place]! ^= 1 << (place % 8);
      expect(settlement.verify(before.root(), damaged, steps).ok, `byte ${String(place)}`).toBe(false);
    }
    for (const length of [0, 5, 6, 40, proof.length - 1]) {
      expect(settlement.verify(before.root(), proof.subarray(0, length), steps).ok).toBe(false);
    }
    expect(settlement.verify(before.root(), Uint8Array.from([...proof, 0]), steps).ok).toBe(false);
  });

  test('steps that take too long are not proved', async () => {
    await expect(settlement.prove(before, 4)).rejects.toThrow(/got more of them/);
  });

  test('is not prepared for a pristine state that does not start the interpreter', () => {
    const other = words(0x0000_0013, 0x05d0_0893, 0x0000_0073);
    const image = { entry: PROGRAM_BASE, segments: [{ address: PROGRAM_BASE, bytes: other, executable: true }] };
    expect(() => createSettlement({ engine, interpreter: image, pristine, ...demonstration })).toThrow(
      /pristine: expected at 4278194176 the byte 19, got 183/,
    );
    const late = { ...interpreter, entry: PROGRAM_BASE + 4 };
    expect(() => createSettlement({ engine, interpreter: late, pristine, ...demonstration })).toThrow(/expected pc/);
  });

  test('keeps its format', () => {
    const golden = encodeSettlement({
      opening: Uint8Array.of(1, 2, 3),
      cells: [{ key: 0x1_0000_0002, after: 0x0403_0201, stamp: 5 }],
      chain: Uint8Array.of(9),
    });
    expect(Buffer.from(golden).toString('hex')).toBe(
      '435345540100' + '03000000010203' + '01000000' + '0200000001' + '01020304' + '050000' + '09',
    );
  });
});

/** A state with the words of one and the root of another. */
function disguised(words: Snapshot, root: Snapshot): Snapshot {
  return new Proxy(words, {
    get: (target, name) => {
      if (name === 'root') return () => root.root();
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value as (...list: unknown[]) => unknown).bind(target) : value;
    },
  });
}

describe('the interpreter of the fast machine', () => {
  const layer = createRiscvLayer({ hasher });
  const steps = 2 ** layer.log2Steps;
  let settlement: Settlement;
  beforeAll(() => {
    const { auxiliary: pristine } = layer;
    settlement = createSettlement({ engine, interpreter: interpreterProgram(), pristine, ...demonstration });
  });

  function guest(name: 'sort' | 'echo'): ProgramImage {
    const parsed = parseElf(readGuest(name, 'fast'));
    if (!parsed.ok) throw new Error(parsed.reason);
    return parsed.elf;
  }

  test.for([
    ['sort', [1000]],
    ['echo', [40]],
  ] as const)('proves steps of %s', async ([name, places]) => {
    const machine = layer.upper();
    machine.load(guest(name), { input: new TextEncoder().encode('pear\napple\nfig\n') });
    let at = 0;
    for (const place of places) {
      machine.advance(place - at);
      at = place;
      const state = attach(layer, machine.snapshot());
      const verdict = settlement.verify(state.root(), await settlement.prove(state, steps), steps);
      machine.advance(1);
      at++;
      const expected = attach(layer, machine.snapshot()).root();
      expect(verdict).toEqual({ ok: true, rootAfter: expected });
    }
  });

  test('proves misaligned accesses, traps and host calls', async () => {
    // At 0x1000: addi x1, x0, 0x7ff; lw x2, 0(x1); sd x2, 2(x1); lh x3, 1(x1); li a7, 64; li a0, 1; mv a1, x1; li a2, 8; ecall; ebreak
    const code = words(
      0x7ff0_0093,
      0x0000_a103,
      0x0020_b123,
      0x0010_9183,
      0x0400_0893,
      0x0010_0513,
      0x0000_8593,
      0x0080_0613,
      0x0000_0073,
      0x0010_0073,
    );
    const machine = layer.upper();
    machine.load({ entry: 0x1000, segments: [{ address: 0x1000, bytes: code }] });
    for (let step = 0; step < 11; step++) {
      // Plain ones are proved above.
      if (step === 0 || (step > 3 && step < 8)) {
        machine.advance(1);
        continue;
      }
      const state = attach(layer, machine.snapshot());
      const verdict = settlement.verify(state.root(), await settlement.prove(state, steps), steps);
      machine.advance(1);
      expect(verdict, `step ${String(step)}`).toEqual({
        ok: true,
        rootAfter: attach(layer, machine.snapshot()).root(),
      });
    }
    expect(detach(layer, attach(layer, machine.snapshot())).root()).toEqual(machine.snapshot().root());
  });

  test('settles a dispute, whoever lies', async () => {
    const machine = layer.upper();
    machine.load(guest('sort'), { input: new TextEncoder().encode('pear\napple\nfig\n') });
    const initial = machine.snapshot();
    const { store } = await runWithSnapshots({ machine, stepsPerSnapshot: 5000 });
    const options = { stack: [layer], store, prove: settlement.prove };
    const honest = createParty({ ...options, name: 'honest' });
    const liar = createLyingParty({ ...options, name: 'liar' }, { at: [777, 0], address: 0x9000_0000, bit: 3 });
    const result = await settleDispute([honest, liar], {
      hasher,
      layers: layerRules([layer]),
      verifyStep: layer.verify,
      initialRoot: initial.root(),
      settle: settlement,
    });
    expect(result).toMatchObject({ winner: 0, step: 777, microStep: undefined });
    expect(result.losses).toMatchObject([{ name: 'liar', reason: 'wrong-step' }]);
  });
});
