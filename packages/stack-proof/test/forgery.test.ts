import { createChainSystem, encodeChain, proveChain, type SegmentWitness, verifyChain } from '@commute/continuation';
import { createFieldEngineSync, inverse, type WasmEngine } from '@commute/field';
import { Program } from '@commute/stack-vm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { executeStackRun, HALT_IP, keyOf, runClaimOf, type StackProgram, verifyStackRun } from '../src/index.ts';
import { IDLE_CODE, INSTRUCTION_ROWS, instructionColumns } from '../src/instruction-rows.ts';
import { type Cells, Forged } from './forge.ts';
import { cheap, execute, programOf } from './support.ts';

const forge = (source: string, inputs = {}, options = {}): Forged =>
  new Forged(execute(programOf(source, options), inputs, 4));

/** Makes a row of the processor one of another instruction. */
function decode(cells: Cells, code: number): void {
  const { code: number, ...columns } = instructionColumns(INSTRUCTION_ROWS.find((row) => row.code === code)!);
  cells['code'] = number;
  for (const [name, value] of Object.entries(columns as Record<string, bigint | readonly bigint[]>)) {
    if (typeof value === 'bigint') cells[name] = value;
    else value.forEach((each, k) => (cells[`${name}[${String(k)}]`] = each));
  }
}

describe('a segment in which only this is a lie', () => {
  test('an element of output is another one', () => {
    const forged = forge('push 111 push 222 write_io 2 halt');
    forged.messages = forged.messages.map((each) => ({
      ...each,
      tuple: each.tuple.map((term) => (term === 111n ? 112n : term)),
    }));
    expect(forged.objections()).toEqual(['bus stream']);
  });

  test('elements of output are in another order', () => {
    const forged = forge('push 111 push 222 write_io 2 halt');
    const other = new Map([
      [111n, 222n],
      [222n, 111n],
    ]);
    forged.messages = forged.messages.map((each) => ({
      ...each,
      tuple: each.tuple.map((term) => other.get(term) ?? term),
    }));
    expect(forged.objections()).toEqual(['bus stream']);
  });

  test('an element of input is read twice, and the one behind it not', () => {
    const forged = forge('read_io 1 read_io 1 pop 2 halt', { input: [111n, 222n] });
    for (const name of ['processor', 'elements']) forged.replace(name, 222n, 111n);
    expect(forged.objections()).toEqual(['bus stream']);
  });

  test('a word of the program is another one', () => {
    const forged = forge('push 111 pop 1 halt').replace('processor', 111n, 112n);
    expect(forged.objections()).toEqual(['bus program']);
  });

  test('an element that comes back from the stack is not the one that went there', () => {
    // It leaves the registers with the seventeenth element above it, and is back when five of them are popped.
    const source = `push 111111 ${'push 1 '.repeat(17)} ${'pop 5 '.repeat(3)} pop 2 pop 1 halt`;
    const forged = new Forged(execute(programOf(source), {}, 5));
    for (const name of ['processor', 'op stack', 'moves']) forged.replace(name, 111_111n, 333_333n, 16n * 19n);
    expect(forged.objections()).toEqual(['bus memory']);
  });

  test('elements go to other cells of the stack than the instruction says', () => {
    const forged = forge('push 111111 pop 1 halt').rows('op stack', (cells) => {
      if (cells['time'] !== 0n) cells['depth']! += 5n;
    });
    const [old, other] = [keyOf('opStack', 16), keyOf('opStack', 21)];
    forged.touched = forged.touched.map((cell) => (cell.key === old ? { ...cell, key: other } : cell));
    expect(forged.objections()).toEqual(['bus op stack']);
  });

  test('registers start as others than the link hands over', () => {
    const forged = forge('push 111111 pop 1 halt').rows('registers', (cells, row) => {
      if (row === 0) cells['st[3]'] = 5n;
    });
    expect(forged.touch(keyOf('opStack', 3), { before: 5n }).objections()).toEqual(['bus registers']);
  });

  test('an element of RAM is read that is another one', () => {
    const forged = forge('push 5 read_mem 1 pop 2 halt', {}, { ram: [[5n, 111_111n]] });
    forged.replace('ram', 111_111n, 222_222n).touch(keyOf('ram', 256 + 5), { before: 222_222n, after: 222_222n });
    expect(forged.objections()).toEqual(['bus ram']);
  });

  test('an element is taken from below the stack', () => {
    // Instead of `swap 0` the processor pops, and the stack has 15 elements.
    const forge = (previous: bigint): string[] => {
      const forged = new Forged(execute(programOf('swap 0 halt'), {}, 2));
      const digest = programOf('swap 0 halt').source.digest();
      const bottom = digest[4]!;
      forged.rows('processor', (cells, row) => {
        const before = Array.from({ length: 16 }, (_, k) => cells[`st[${String(k)}]`]!);
        const popped = [...before.slice(1), bottom];
        if (row === 0) decode(cells, 3 + 128);
        for (let k = 0; k < 16; k++) {
          if (row > 0) cells[`st[${String(k)}]`] = popped[k]!;
          cells[`out[${String(k)}]`] = popped[k]!;
        }
        if (row > 0) cells['stackSize'] = 15n;
      });
      forged.rows('op stack', (cells) => {
        const gap = 15n - previous;
        Object.assign(cells, { pop: 1n, depth: -1n, before: bottom, after: 0n, time: 16n, 'gap[0]': gap });
      });
      forged.rows('registers', (cells, row) => {
        if (row === 0) return;
        const before = Array.from({ length: 16 }, (_, k) => cells[`st[${String(k)}]`]!);
        for (let k = 0; k < 16; k++) cells[`st[${String(k)}]`] = before[k + 1] ?? bottom;
        cells['stackSize'] = 15n;
      });
      for (let k = 0; k < 16; k++)
        forged.touch(keyOf('opStack', k), { after: k >= 10 ? (digest[k - 10] ?? bottom) : 0n });
      forged.touch(keyOf('registers', 17), { after: 15n });
      forged.rows('program', (cells, row) => {
        if (row === 0) cells['executions'] = 0n;
      });
      return forged.objections();
    };
    // The program is not this one either.
    expect(forge(0n)).toEqual(['bus memory', 'bus program']);
    expect(forge(2n ** 40n)).toContain('bus memory');
  });

  test('RAM has what it had before', () => {
    const write = (element: number): string => `push ${String(element)} push 1000 write_mem 1 pop 1`;
    const forged = forge(`${write(111)} ${write(222)} push 1000 read_mem 1 pop 2 halt`);
    const read = 16n * 8n;
    for (const name of ['processor', 'bursts', 'ram']) forged.replace(name, 222n, 111n, read);
    forged.touch(keyOf('ram', 2 * 256 + 1000 - 768), { after: 111n });
    expect(forged.objections()).toEqual(['bus memory']);
  });

  test('RAM is read from a slot that is not in use', () => {
    // There -1 would be the last element of the block before the first one.
    const forged = forge('push -1 read_mem 1 pop 2 halt', {}, { ram: [[-1n + 2n ** 64n - 2n ** 32n + 1n, 666n]] });
    expect(forged.objections()).toEqual([]);
    for (const name of ['processor', 'bursts', 'ram']) forged.replace(name, 666n, 0n);
    forged.rows('ram', (cells) => {
      if (cells['read'] === 0n) return;
      Object.assign(cells, { slot: 5n, offset: 255n, factor: 255n * inverse(5n), before: 0n, after: 0n, inverse: 0n });
    });
    const time = forged.touched.find(({ key }) => key === keyOf('ram', 0))!.lastTime;
    forged.touched = forged.touched.filter(({ key }) => key !== keyOf('ram', 0) && key !== keyOf('blockNumbers', 0));
    forged.touch(keyOf('blockNumbers', 5), { lastTime: time });
    forged.touch(keyOf('ram', 5 * 256 + 255), { lastTime: time });
    expect(forged.objections()).toEqual(['the slot is in use']);
  });

  test('an element is read behind the only one of the last block', () => {
    // Its number is that of the address 0, once more.
    const forged = forge('push 0 read_mem 1 pop 2 halt', {}, { ram: [[0n, 666n]] });
    for (const name of ['processor', 'bursts', 'ram']) forged.replace(name, 666n, 0n);
    const top = 2n ** 56n - 2n ** 24n + 1n;
    forged.rows('ram', (cells) => {
      if (cells['read'] === 0n) return;
      Object.assign(cells, { slot: 0n, offset: 1n, factor: 0n, before: 0n, after: 0n, inverse: inverse(top) });
    });
    const time = forged.touched.find(({ key }) => key === keyOf('ram', 256))!.lastTime;
    forged.touched = forged.touched.filter(({ key }) => key !== keyOf('ram', 256) && key !== keyOf('blockNumbers', 1));
    forged.touch(keyOf('blockNumbers', 0), { before: top, after: top, lastTime: time });
    forged.touch(keyOf('ram', 1), { lastTime: time });
    expect(forged.objections()).toEqual(['slot 0 has one element']);
  });

  test('a block comes into use a second time', () => {
    const source = 'push 7 push 1000 write_mem 1 pop 1 push 1000 read_mem 1 pop 2 halt';
    const forged = forge(source);
    const blocks: bigint[] = [];
    forged.rows('blocks', (cells) => {
      // The list says that there is none between block 0 and the last one: it is block 3 again, 0 blocks behind itself.
      if (cells['active'] === 1n) blocks.push(cells['lowNumber']!);
    });
    expect(blocks).toEqual([1n]);
    forged.rows('blocks', (cells, row) => {
      if (row > 0) return;
      Object.assign(cells, { 'below[0]': 255n, 'below[1]': 255n, lowNumber: 4n - 65_536n });
    });
    expect(forged.objections()).toEqual(['bus memory']);
  });

  test('a digest is not that of what was hashed', () => {
    const forged = forge('divine 5 divine 5 hash pop 5 halt', {
      secretInput: [1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n, 10n],
    });
    const digest: bigint[] = [];
    forged.rows('hash', (cells) => {
      if (cells['hash'] === 1n) digest.push(cells['output[0]']!);
    });
    expect(digest).toHaveLength(1);
    for (const name of ['processor', 'hash', 'registers']) forged.replace(name, digest[0]!, 777n);
    expect(forged.objections()).toEqual(['bus tip5']);
    // With the permutation's own row it is the permutation that objects.
    forged.rows('tip5', (cells) => {
      if (cells['round[5]'] === 1n) cells['state[0]'] = 777n;
    });
    expect(forged.objections()).toEqual(['element 0 goes on']);
  });

  test('two permutations give their results to each other', () => {
    const forged = forge('push 1 push 2 push 3 push 4 push 5 hash push 1 push 2 push 3 push 4 push 5 hash halt');
    forged.rows('hash', (cells, row) => {
      if (row < 2) cells['id'] = 1n - cells['id']!;
    });
    expect(forged.objections()).toEqual(['bus tip5']);
  });

  test('a byte of Tip5 is replaced by another one', () => {
    const forged = forge('push 1 push 2 push 3 push 4 push 5 hash halt');
    forged.rows('tip5', (cells, row) => {
      if (row === 0) cells['mapped[3]']! += 1n;
    });
    expect(forged.objections()).toContain('bus tip5 bytes');
  });

  test('an element of tip5 is taken apart as p and more', () => {
    // The element 0 as p: the upper half is 2^32 - 1, the lower one 1.
    const forged = forge('sponge_init sponge_squeeze halt');
    forged.rows('tip5', (cells, row) => {
      if (row > 0) return;
      for (let k = 0; k < 8; k++) cells[`bytes[${String(k)}]`] = k >= 4 ? 255n : k === 0 ? 1n : 0n;
      // 1 becomes 7, and 255 stays.
      for (let k = 0; k < 8; k++) cells[`mapped[${String(k)}]`] = k >= 4 ? 255n : k === 0 ? 7n : 0n;
      cells['factor[0]'] = 0n;
    });
    expect(forged.objections()).toContain('bytes of a canonical element 0');
  });

  test('a sibling leads to another root', () => {
    const digests = [[1n, 2n, 3n, 4n, 5n]];
    const source = 'push 0 push 0 push 5 push 4 push 3 push 2 push 1 pick 5 pop 1 push 6 place 5 merkle_step halt';
    const forged = forge(source, { digests });
    expect(forged.objections()).toEqual([]);
    forged.rows('hash', (cells) => {
      if (cells['merkle'] === 1n) cells['words[2]'] = 9n;
    });
    expect(forged.objections()).toEqual(['hashes the sibling[2]']);
  });

  test('the sponge is another one', () => {
    const forged = forge('sponge_init sponge_squeeze sponge_absorb sponge_squeeze halt');
    forged.rows('hash', (cells) => {
      if (cells['absorb'] === 1n) cells['sponge[3]']! += 1n;
    });
    expect(forged.objections()).toEqual(['bus sponge']);
  });

  test('a number of more than 32 bits is compared', () => {
    const forged = forge('push 111 push 22222 lt pop 1 halt');
    for (const name of ['processor', 'words']) forged.replace(name, 22_222n, 22_222n + 2n ** 32n);
    expect(forged.objections()).toEqual(['bus program', 'the top has 32 bits']);
  });

  test('a quotient is one less', () => {
    const forged = forge('push 7 push 1000 div_mod pop 2 halt');
    for (const name of ['processor', 'words']) forged.replace(name, 142n, 141n);
    forged.rows('words', (cells) => {
      if (cells['divMod'] !== 1n) return;
      cells['high[0]'] = 141n;
      cells['low[0]'] = 13n;
      cells['result'] = 13n;
      cells['rest[0]'] = 7n - 1n - 13n;
    });
    for (const name of ['processor']) forged.replace(name, 6n, 13n);
    expect(forged.objections()).toContain('bus bytes');
  });

  test('halves of an element are those of p and more', () => {
    // 1 = 2^64 - 2^32 + 2 modulo p.
    const forged = forge('push 1 split pop 2 halt');
    forged.rows('words', (cells) => {
      if (cells['split'] !== 1n) return;
      for (let k = 0; k < 4; k++) Object.assign(cells, { [`high[${String(k)}]`]: 255n, [`low[${String(k)}]`]: 0n });
      Object.assign(cells, { 'low[0]': 2n, result: 2n, below: 2n ** 32n - 1n, factor: 0n });
    });
    forged.rows('processor', (cells, row) => {
      if (row === 1) Object.assign(cells, { 'out[0]': 2n, 'out[1]': 2n ** 32n - 1n });
      if (row === 2) Object.assign(cells, { 'st[0]': 2n, 'st[1]': 2n ** 32n - 1n });
    });
    expect(forged.objections()).toEqual(['the halves are those of a canonical element']);
  });

  test('a call leads to where a machine has halted', () => {
    const forged = forge('call 2 halt');
    forged.rows('processor', (cells, row) => {
      if (row === 0) Object.assign(cells, { argument: HALT_IP, destination: HALT_IP, nextIp: HALT_IP });
      if (row !== 1) return;
      decode(cells, IDLE_CODE);
      cells['ip'] = HALT_IP;
    });
    forged.replace('jump stack', 2n, HALT_IP);
    forged.rows('jump stack', (cells) => {
      // It returns behind itself as before.
      if (cells['push'] === 1n) Object.assign(cells, { origin: 2n, 'after[0]': 2n });
    });
    forged.touch(keyOf('jumpStack', 1), { after: HALT_IP });
    expect(forged.objections()).toEqual(['bus program']);
    // Nor is there a program that has such a call.
    const bad = programOf(new Program([49n, HALT_IP, 0n]));
    for (const logCycles of [1, 3]) {
      const run = executeStackRun(bad, {}, { logCycles });
      expect(run).toMatchObject({ ok: false, reason: 'trap', cause: 1, ip: HALT_IP });
    }
    const last = executeStackRun(programOf(new Program([8n, 49n, HALT_IP, 0n])), {}, { logCycles: 1 });
    expect(last).toMatchObject({ ok: false, reason: 'trap', cause: 1, ip: HALT_IP });
  });

  test('a jump goes elsewhere', () => {
    const forged = forge('push 0 skiz halt nop halt');
    forged.rows('processor', (cells, row) => {
      // As if the element were not zero.
      if (row === 1) Object.assign(cells, { isZero: 0n, inverse: 0n, nextIp: 3n });
      if (row !== 2) return;
      cells['ip'] = 3n;
      decode(cells, 0);
      Object.assign(cells, { nextIp: HALT_IP, following: 0n });
    });
    expect(forged.objections()).toContain('zero where nothing is left');
  });

  test('it halts where it does not', () => {
    const forged = forge('nop nop halt');
    forged.rows('processor', (cells, row) => {
      if (row === 0) cells['nextIp'] = HALT_IP;
      if (row === 0 || row > 2) return;
      cells['ip'] = HALT_IP;
      cells['nextIp'] = HALT_IP;
      decode(cells, IDLE_CODE);
      cells['following'] = 0n;
    });
    expect(forged.objections()).toEqual(['bus program', 'the next word']);
  });
});

describe('a chain of segments', () => {
  let engine: WasmEngine;
  beforeAll(() => {
    engine = createFieldEngineSync();
  });
  afterAll(() => {
    engine.dispose();
  });
  const source = 'divine 1 push 1 push 2 push 3 push 4 pop 4 nop nop nop pop 1 push 7 write_io 1 halt';

  const segmentsOf = (program: StackProgram, secret: bigint): readonly SegmentWitness[] => {
    const run = executeStackRun(program, { secretInput: [secret] }, { logCycles: 2 });
    if (!run.ok) throw new Error(run.message);
    return run.witnesses;
  };

  test.each(['pairwise', 'global'] as const)('is one run and no parts of several, %s', async (form) => {
    const program = programOf(source);
    const chain = createChainSystem(program, { ...cheap, form, engine });
    const claim = { input: [], output: [7n] };
    const whole = runClaimOf(program, claim);
    const judge = async (witnesses: readonly SegmentWitness[]): Promise<unknown> =>
      verifyStackRun(chain, claim, encodeChain(await proveChain(engine, chain, whole, witnesses)));
    const [honest, other] = [segmentsOf(program, 5n), segmentsOf(program, 6n)];
    expect(honest).toHaveLength(4);
    expect(await judge(honest)).toMatchObject({ ok: true, segments: 4, cycles: 16n });
    // Both are honest, but what the one leaves on the stack is not what the other goes on with.
    expect(await judge([...honest.slice(0, 2), ...other.slice(2)])).toMatchObject({ ok: false });
    expect(await judge([honest[0]!, ...honest.slice(2)])).toMatchObject({ ok: false, reason: 'other-pc' });
    // Too early, and cycles once more at the end.
    const early = { ...honest[2]!, exitCode: 0 };
    expect(await judge([...honest.slice(0, 2), early])).toMatchObject({ ok: false });
    const late = { ...honest[3]!, pcStart: HALT_IP };
    expect(await judge([...honest, late])).toMatchObject({ ok: false });
  });

  test('is of its program, its input and its output alone', async () => {
    const program = programOf('read_io 2 mul write_io 1 halt');
    const chain = createChainSystem(program, { ...cheap, engine });
    const claim = { input: [6n, 7n], output: [42n] };
    const run = executeStackRun(program, claim, { logCycles: 3 });
    if (!run.ok) throw new Error(run.message);
    const proof = encodeChain(await proveChain(engine, chain, runClaimOf(program, claim), run.witnesses));
    expect(verifyStackRun(chain, claim, proof)).toMatchObject({ ok: true });
    for (const output of [[], [43n], [42n, 42n]]) {
      expect(verifyStackRun(chain, { ...claim, output }, proof)).toMatchObject({ ok: false });
    }
    for (const input of [[7n, 6n], [6n, 7n, 0n], [6n]]) {
      expect(verifyStackRun(chain, { ...claim, input }, proof)).toMatchObject({ ok: false });
    }
    const whole = runClaimOf(program, claim);
    expect(verifyChain(chain, { ...whole, exitCode: 1 }, proof)).toMatchObject({ ok: false });
    for (const other of ['read_io 2 add write_io 1 halt', 'read_io 2 mul write_io 1 halt nop']) {
      const wrong = createChainSystem(programOf(other), { ...cheap, engine });
      expect(verifyStackRun(wrong, claim, proof)).toMatchObject({ ok: false });
      // Nor does a prover find one: what it executed is not the program.
      const forged = encodeChain(
        await proveChain(engine, wrong, { ...whole, program: wrong.program.digest }, run.witnesses),
      );
      expect(verifyStackRun(wrong, claim, forged)).toMatchObject({ ok: false });
    }
    // RAM belongs to the program.
    const elsewhere = createChainSystem(programOf('read_io 2 mul write_io 1 halt', { ram: [[1n, 1n]] }), {
      ...cheap,
      engine,
    });
    expect(verifyStackRun(elsewhere, claim, proof)).toMatchObject({ ok: false });
    for (const at of [0, 60, 400, proof.length - 1]) {
      expect(verifyStackRun(chain, claim, proof.with(at, proof[at]! ^ 1))).toMatchObject({ ok: false });
    }
    expect(verifyStackRun(chain, claim, proof.subarray(0, 100))).toMatchObject({ ok: false });
  });

  test('claims nothing of what are no elements', async () => {
    const program = programOf('read_io 1 write_io 1 halt');
    const chain = createChainSystem(program, { ...cheap, engine });
    const claim = { input: [5n], output: [5n] };
    const run = executeStackRun(program, claim, { logCycles: 2 });
    if (!run.ok) throw new Error(run.message);
    const whole = runClaimOf(program, claim);
    const judge = async (changed: Partial<typeof whole>, witness: Partial<SegmentWitness> = {}): Promise<unknown> => {
      const other = { ...whole, ...changed };
      const [own] = run.witnesses;
      const proof = encodeChain(await proveChain(engine, chain, other, [{ ...own!, ...witness }]));
      return verifyChain(chain, other, proof);
    };
    expect(await judge({})).toMatchObject({ ok: true });
    const high = new Uint8Array(8).fill(255);
    expect(await judge({ output: high })).toMatchObject({ ok: false });
    expect(await judge({ input: high })).toMatchObject({ ok: false });
    expect(await judge({ output: whole.output.subarray(0, 7) }, { outputStop: 7 })).toMatchObject({ ok: false });
    expect(await judge({}, { inputStart: 1, inputStop: 9 })).toMatchObject({ ok: false });
  });
});
