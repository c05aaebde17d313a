import { createRuntime } from '@commute/rholang';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createMemoryKeyValue,
  decodePlace,
  encodePlace,
  proveEntry,
  pruneStore,
  RhoSpace,
  StateReceiver,
  StateTeller,
  StoreWriteError,
  verifyEntry,
  verifyStore,
  type KeyValueStore,
  type PartReason,
  type Place,
} from '../src/index.ts';
import { ByteReader, ByteWriter, hexFromBytes } from '../src/bytes.ts';

const runs = Number(process.env['FC_NUM_RUNS'] ?? 30);

/** A space in which anything happened, commit after commit. */
class Source {
  readonly store = createMemoryKeyValue();
  readonly space = new RhoSpace(this.store);
  #run = 0;

  commit(program: string): this {
    this.#run += 1;
    const seed = new Uint8Array(32);
    new DataView(seed.buffer).setUint32(0, this.#run);
    createRuntime({ space: this.space }).run(program, { seed });
    this.space.commit();
    return this;
  }

  get head(): number {
    return this.space.history.trie.head;
  }
}

/** Sends to `count` channels from one on, and a channel on which much happens. */
function busy(from: number, count: number, often = 0): string {
  const sends = Array.from({ length: count }, (_, at) => `@"key ${String(from + at)}"!(${String(at)})`);
  const more = Array.from({ length: often }, (_, at) => `@"often"!(${String(at)}) | for (@x <- @"often") { Nil }`);
  return [...sends, ...more, 'Nil'].join(' | ');
}

function copyOf(store: KeyValueStore): KeyValueStore {
  const copy = createMemoryKeyValue();
  copy.commit({ puts: [...store.entries()] });
  return copy;
}

/** What a store says of its present version, but for which commit each entry came with. */
function said({ history }: RhoSpace): unknown {
  return [...history.channels()].map((channel) => ({
    channel: hexFromBytes(channel),
    items: [...history.items(channel)].map(({ hash }) => hexFromBytes(hash)),
    entries: [...history.history(channel)].map(({ entry, hash }) => [entry.sequence, hexFromBytes(hash)]),
  }));
}

/** Fetches what is missing, `most` parts of about `limit` bytes. @returns bytes that were told. */
function fetch(receiver: StateReceiver, { space }: Source, commit: number, limit: number, most = Infinity): number {
  const teller = new StateTeller(space.history);
  let told = 0;
  for (let left = most; left > 0; left -= 1) {
    const place = receiver.next();
    if (place === undefined) break;
    const part = teller.part({
      commit,
      place: decodePlace(encodePlace(place))!,
      limit,
      ...(limit % 2 === 0 ? { have: receiver.have() } : {}),
    })!;
    expect(part.length).toBeGreaterThan(0);
    told += part.length;
    const result = receiver.take(part);
    expect(result).toMatchObject({ ok: true });
  }
  return told;
}

function finish(receiver: StateReceiver, from: Source, to: RhoSpace, commit: number): void {
  const { history } = from.space;
  const { logHash, note } = history.commitAt(commit);
  receiver.finish({ number: commit, logHash, note, log: history.log(commit)! });
  to.goTo(commit);
}

/** The store of a space holds together, now and once it is pruned and opened anew. */
function expectSame(to: RhoSpace, store: KeyValueStore, from: RhoSpace): void {
  expect(to.root()).toEqual(from.root());
  expect(verifyStore(to.history).problems).toEqual([]);
  expect(said(to)).toEqual(said(from));
  pruneStore(to.history, 1);
  expect(verifyStore(to.history).problems).toEqual([]);
  const again = new RhoSpace(store);
  expect(new StateReceiver(again.history).active).toBe(false);
  expect(said(again)).toEqual(said(from));
  for (const channel of again.history.channels()) {
    const { sequence } = again.history.key(channel)!;
    expect(verifyEntry(again.root(), channel, proveEntry(again.history, channel, sequence)).ok).toBe(true);
    expect(verifyEntry(again.root(), channel, proveEntry(again.history, channel, 1)).ok).toBe(true);
  }
}

describe('a version that is fetched', () => {
  test('is the same, whatever the size of parts, also for a store that had an older one', () => {
    const source = new Source().commit(busy(0, 300, 200));
    const older = copyOf(source.store);
    for (let each = 0; each < 5; each += 1) source.commit(busy(290 + each * 3, 5, 30));
    const all: number[] = [];
    for (const limit of [1, 2000, 2 ** 18])
      for (const [index, store] of [createMemoryKeyValue(), copyOf(older)].entries()) {
        const to = new RhoSpace(store);
        const before = said(to);
        const receiver = new StateReceiver(to.history);
        receiver.begin(source.space.root());
        expect(receiver.fraction).toBeLessThan(1);
        const told = fetch(receiver, source, source.head, limit);
        // Nothing leads to it until all is there.
        expect(said(new RhoSpace(store))).toEqual(before);
        expect(verifyStore(new RhoSpace(store).history).problems).toEqual([]);
        expect(receiver.fraction).toBe(1);
        finish(receiver, source, to, source.head);
        expectSame(to, store, source.space);
        if (limit === 2 ** 18) all[index] = told;
        // It goes on as the other one does.
        const next = new RhoSpace(copyOf(source.store));
        for (const space of [to, next]) {
          createRuntime({ space }).run(busy(0, 3, 60), { seed: new Uint8Array(32).fill(9) });
          space.commit();
        }
        expect(to.root()).toEqual(next.root());
        expect(verifyStore(to.history).problems).toEqual([]);
      }
    // What is here is not fetched: a tenth of the keys changed, and the end of one history.
    expect(all[1]).toBeLessThan(all[0]! / 3);
  });

  test('is the same for any programs, cut off anywhere, with other versions on the way', () => {
    const programs = fc.array(fc.tuple(fc.nat({ max: 60 }), fc.nat({ max: 40 }), fc.nat({ max: 120 })), {
      minLength: 2,
      maxLength: 6,
    });
    fc.assert(
      fc.property(
        programs,
        fc.nat({ max: 5 }),
        fc.array(fc.tuple(fc.nat({ max: 8 }), fc.integer({ min: 1, max: 3000 })), { maxLength: 12 }),
        (commits, early, cuts) => {
          const source = new Source();
          let store = createMemoryKeyValue();
          for (const [index, [from, count, often]] of commits.entries()) {
            if (index === Math.min(early, commits.length - 1)) store = copyOf(source.store);
            source.commit(busy(from, count, often));
          }
          // Each cut is the end of a process; the version that is fetched may be another after it.
          for (const [at, [parts, limit]] of cuts.entries()) {
            const { commits: last } = source.space.history.trie.meta;
            const commit = Math.min(last, Math.max(1, last - 2 + (at % 3)));
            const receiver = new StateReceiver(new RhoSpace(store).history);
            receiver.begin(source.space.history.commitAt(commit).root);
            fetch(receiver, source, commit, limit, parts);
            expect(verifyStore(new RhoSpace(store).history).problems).toEqual([]);
          }
          const to = new RhoSpace(store);
          if (to.history.trie.meta.commits >= source.head) return;
          const receiver = new StateReceiver(to.history);
          receiver.begin(source.space.root());
          fetch(receiver, source, source.head, 500);
          finish(receiver, source, to, source.head);
          expectSame(to, store, source.space);
        },
      ),
      { numRuns: runs },
    );
  });

  test('takes nothing but what its root commits to', () => {
    const source = new Source().commit(busy(0, 40, 130));
    const commit = source.head;
    const store = createMemoryKeyValue();
    const to = new RhoSpace(store);
    const receiver = new StateReceiver(to.history);
    const teller = new StateTeller(source.space.history);
    receiver.begin(source.space.root());
    const reasons = new Set<PartReason>();
    let parts = 0;
    for (let place = receiver.next(); place !== undefined; place = receiver.next()) {
      const part = teller.part({ commit, place, limit: 1 })!;
      const refuse = (bytes: Uint8Array): void => {
        const result = receiver.take(bytes);
        if (!result.ok) reasons.add(result.reason);
        expect(result.ok).toBe(false);
        expect(receiver.next()).toEqual(place);
      };
      refuse(new Uint8Array(0));
      for (let at = 0; at < part.length; at += 1 + (at % 7)) {
        const changed = new Uint8Array(part);
        changed[at]! ^= 1 << (at % 8);
        refuse(changed);
        refuse(part.subarray(0, at));
      }
      expect(receiver.take(part)).toEqual({ ok: true, taken: 1, passed: 0 });
      // A second time it is none.
      if (receiver.next() !== undefined) expect(receiver.take(part).ok).toBe(false);
      parts += 1;
    }
    expect(parts).toBeGreaterThan(40);
    expect([...reasons].sort()).toEqual(['empty-part', 'malformed-part', 'other-part']);
    expect(
      receiver.take(
        teller.part({ commit, place: { kind: 'node', at: { path: new Uint8Array(32), depth: 0 } }, limit: 1 })!,
      ),
    ).toEqual({
      ok: false,
      reason: 'unasked-part',
    });
    finish(receiver, source, to, commit);
    expectSame(to, store, source.space);
  });

  test('may have no keys, or one', () => {
    for (const program of ['Nil', '@"one"!(1)']) {
      const source = new Source().commit(program);
      const store = createMemoryKeyValue();
      const to = new RhoSpace(store);
      const receiver = new StateReceiver(to.history);
      expect(() => {
        finish(receiver, source, to, 1);
      }).toThrow('RHO_STORE_ARGUMENT_MISMATCH');
      receiver.begin(source.space.root());
      fetch(receiver, source, 1, 100);
      finish(receiver, source, to, 1);
      expectSame(to, store, source.space);
    }
  });

  test('is given up by pruning, and does not disturb commits', () => {
    const source = new Source().commit(busy(0, 100));
    const store = createMemoryKeyValue();
    const to = new RhoSpace(store);
    const receiver = new StateReceiver(to.history);
    receiver.begin(source.space.root());
    fetch(receiver, source, 1, 1000, 3);
    createRuntime({ space: to }).run('@"own"!(1)', { seed: new Uint8Array(32) });
    to.commit();
    fetch(receiver, source, 1, 1000, 3);
    expect(verifyStore(to.history).problems).toEqual([]);
    expect([...new RhoSpace(store).history.channels()]).toHaveLength(1);
    pruneStore(to.history, 1);
    expect(verifyStore(to.history).problems).toEqual([]);
    expect([...store.entries()].filter(([key]) => key[0] === 0x74 || key[0] === 0x6e).length).toBeLessThan(3);
    expect(new StateReceiver(to.history).active).toBe(false);
  });
});

describe('a medium', () => {
  test('without room leaves what was kept, and more is kept once there is', () => {
    const source = new Source().commit(busy(0, 200, 120));
    const memory = createMemoryKeyValue();
    let commits = 0;
    const store: KeyValueStore = {
      ...memory,
      commit: (batch) => {
        commits += 1;
        if (commits % 3 === 0) throw new StoreWriteError('a full disk');
        memory.commit(batch);
      },
    };
    const to = new RhoSpace(store);
    const receiver = new StateReceiver(to.history);
    const teller = new StateTeller(source.space.history);
    let failures = 0;
    for (let done = false; !done;) {
      try {
        if (receiver.next() === undefined) receiver.begin(source.space.root());
        const place = receiver.next();
        if (place === undefined) done = true;
        else expect(receiver.take(teller.part({ commit: 1, place, limit: 1500 })!).ok).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(StoreWriteError);
        expect(verifyStore(new RhoSpace(memory).history).problems).toEqual([]);
        failures += 1;
      }
    }
    expect(failures).toBeGreaterThan(5);
    commits = 0;
    finish(receiver, source, to, 1);
    expectSame(new RhoSpace(memory), memory, source.space);
  });

  test('that was damaged is fetched where it cannot be read', () => {
    const source = new Source().commit(busy(0, 100));
    const older = copyOf(source.store);
    source.commit(busy(50, 60));
    const [root, bytes] = [...older.entries({ from: Uint8Array.of(0x6e), to: Uint8Array.of(0x6f) })].at(-1)!;
    const damaged = new Uint8Array(bytes);
    damaged[damaged.length - 20]! ^= 1;
    older.commit({ puts: [[root, damaged]] });
    const to = new RhoSpace(older);
    const receiver = new StateReceiver(to.history);
    receiver.begin(source.space.root());
    fetch(receiver, source, 2, 2000);
    finish(receiver, source, to, 2);
    expectSame(to, older, source.space);
    // What is missing of it is under a checksum.
    const store = createMemoryKeyValue();
    const broken = new StateReceiver(new RhoSpace(store).history);
    broken.begin(source.space.root());
    fetch(broken, source, 2, 500, 4);
    const record = new Uint8Array(store.get(Uint8Array.of(0x74))!);
    record[record.length >> 1]! ^= 1;
    store.commit({ puts: [[Uint8Array.of(0x74), record]] });
    expect(() => new StateReceiver(new RhoSpace(store).history)).toThrow('RHO_STORE_BYTES_MALFORMED');
    expect(verifyStore(new RhoSpace(store).history).problems[0]).toMatchObject({ kind: 'record', key: '74' });
    pruneStore(new RhoSpace(store).history, 1);
    expect(new StateReceiver(new RhoSpace(store).history).active).toBe(false);
  });
});

describe('a teller', () => {
  test('never tells it otherwise: golden bytes', () => {
    const source = new Source().commit('@"a"!(1) | @"b"!(2)');
    const start: Place = { kind: 'node', at: { path: new Uint8Array(32), depth: 0 } };
    const told = new StateTeller(source.space.history).part({ commit: 1, place: start, limit: 10_000 })!;
    expect(hexFromBytes(told)).toMatchInlineSnapshot(
      `"44010002081ea859dd92208949d3d73e8788505fa801a9bfaeab470f71da6525843d3688295623bbbbb217fc972e82ab5ae4bfbd7374fec138f300bf3fc5b6e2d18ea6eb0c6e003ff19d1dd5e2fa56eea3b60eb2545676e3d8b5cc92c30e39273d0f7f0e71bbaf4cd22e4c068441c7ea0971fb3c931ad3c0497b30b80771e3339f99cfd64c3493910000000000000001888102103a8b889421cc5824b6f329432dcdb4425a0629ac19b730015fc5da3003040161520084237eff1fdbb96aca64c03e46f2c0874bdc22aad49c019a76e271cefe25fc8b01012e002138f4214cb14ef1acb586420a374a692ec6bb58bd2d33bd0452f01b8c53d9687301090102000000000000000181010200000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000724169cd502fedc00447e44b30987ff73e8679beccdd2ad82aed61498b1f541fd22e4c068441c7ea0971fb3c931ad3c0497b30b80771e3339f99cfd64c3493916e009ec74c9c0960accd695b49eda83810ab7bf3aae67751e064338bc4a39ce428524c45e95222555c74950433d4158659f11ab65879099fefce9177b26584fb08972d00000000000000015a0cb822cfbbc16b9bd5a8fb7fc60e4200098d1316f21d15f447876aba9e067703040162520030a1e23b7a5f28b1ddbc7fbf069abda6e0d5faffc85aae255f21e296fa5cbfaf01012e002138f4214cb14ef1acb586420a374a692ec6bb58bd2d33bd0452f01b8c53d968730209010200000000000000028101020000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000040bede10625539f21865f317201db0a825548b1effc15392d187945e57879fdb45e95222555c74950433d4158659f11ab65879099fefce9177b26584fb08972d"`,
    );
    const store = createMemoryKeyValue();
    const receiver = new StateReceiver(new RhoSpace(store).history);
    receiver.begin(source.space.root());
    fetch(receiver, source, 1, 1, 3);
    expect(hexFromBytes(store.get(Uint8Array.of(0x74))!)).toMatchInlineSnapshot(
      `"010000000000000001016655b8448cd60741af6b4df097925a9aa2f3f81fc63dbc11c90203e01b32d04900000000000000000102010354010002081ea859dd92208949d3d73e8788505fa801a9bfaeab470f71da6525843d36882900000000000000005623bbbbb217fc972e82ab5ae4bfbd7374fec138f300bf3fc5b6e2d18ea6eb0c0000000000000000003ff19d1dd5e2fa56eea3b60eb2545676e3d8b5cc92c30e39273d0f7f0e71bbaf4cd22e4c068441c7ea0971fb3c931ad3c0497b30b80771e3339f99cfd64c3493910000000000000001888102103a8b889421cc5824b6f329432dcdb4425a0629ac19b730015fc5da3003040161000000000000000002010000000000000002000000000000000000000000000000020000000000000001888102103a8b889421cc5824b6f329432dcdb4425a0629ac19b730015fc5da30d22e4c068441c7ea0971fb3c931ad3c0497b30b80771e3339f99cfd64c3493918989ea2cef6a9d5a"`,
    );
  });

  test('tells from any place what follows it, and of what is not there nothing', () => {
    const source = new Source().commit(busy(0, 60, 130)).commit('@"other"!(1)');
    const { history } = source.space;
    const whole = new StateTeller(history).part({
      commit: 2,
      place: { kind: 'node', at: { path: new Uint8Array(32), depth: 0 } },
      limit: 2 ** 20,
    })!;
    // All places, as one who has nothing comes to them.
    const places: Place[] = [];
    const receiver = new StateReceiver(new RhoSpace(createMemoryKeyValue()).history);
    receiver.begin(source.space.root());
    const teller = new StateTeller(history);
    for (let place = receiver.next(); place !== undefined; place = receiver.next()) {
      places.push(place);
      receiver.take(teller.part({ commit: 2, place, limit: 1 })!);
    }
    const elements: Uint8Array[] = [];
    for (const reader = new ByteReader(whole); reader.remaining > 0;) elements.push(reader.bytes());
    expect(elements).toHaveLength(places.length);
    for (const [index, place] of places.entries()) {
      const rest = new ByteWriter();
      for (const element of elements.slice(index)) rest.bytes(element);
      const told = new StateTeller(history).part({ commit: 2, place, limit: 2 ** 20 })!;
      expect(hexFromBytes(told) === hexFromBytes(rest.finish())).toBe(true);
    }
    const key = places.find((one) => one.kind === 'history')!.key;
    const nowhere: Place[] = [
      { kind: 'history', key, end: 10_000 },
      { kind: 'history', key, end: 0 },
      { kind: 'history', key: new Uint8Array(32), end: 1 },
      { kind: 'state', key: new Uint8Array(32), at: { path: new Uint8Array(32), depth: 0 } },
      { kind: 'state', key, at: { path: new Uint8Array(32), depth: 64 } },
      { kind: 'node', at: { path: new Uint8Array(32), depth: 64 } },
    ];
    for (const place of nowhere) expect(teller.part({ commit: 2, place, limit: 100 })).toBeUndefined();
    for (const commit of [0, 3]) expect(teller.part({ commit, place: places[0]!, limit: 100 })).toBeUndefined();
    pruneStore(history, 1);
    expect(teller.part({ commit: 1, place: places[0]!, limit: 100 })).toBeUndefined();
  });

  test('places: golden bytes, and whatever else they are', () => {
    const path = new Uint8Array(32).fill(0xab);
    const places: Place[] = [
      { kind: 'node', at: { path: new Uint8Array(32), depth: 0 } },
      { kind: 'node', at: { path: Uint8Array.of(0xab, 0xa0, ...new Uint8Array(30)), depth: 3 } },
      { kind: 'state', key: path, at: { path, depth: 64 } },
      { kind: 'history', key: path, end: 2 ** 33 },
    ];
    const ab = 'ab'.repeat(32);
    expect(places.map((one) => hexFromBytes(encodePlace(one)))).toEqual([
      '0000',
      '0003aba0',
      `01${ab}40${ab}`,
      `02${ab}0000000200000000`,
    ]);
    for (const one of places) expect(decodePlace(encodePlace(one))).toEqual(one);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat({ max: 2 }), (bytes, kind) => {
        const mixed = Uint8Array.of(kind, ...bytes);
        const place = decodePlace(mixed);
        if (place !== undefined) expect(encodePlace(place)).toEqual(mixed);
      }),
    );
  });
});
