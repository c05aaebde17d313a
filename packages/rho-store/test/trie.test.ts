import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesFromText, hexFromBytes } from '../src/bytes.ts';
import { createMemoryKeyValue, verifyLeaf, VersionedTrie, type Leaf, type TrieChange } from '../src/index.ts';
import { rootByDefinition } from './reference-trie.ts';

const runs = Number(process.env['FC_NUM_RUNS'] ?? 200);
const fromHex = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(text, 'hex'));

/** Paths that often share long prefixes. */
const anyPath = fc
  .tuple(fc.constantFrom(0, 1, 2, 3, 31, 62, 63), fc.constantFrom('0', 'f', '3', 'a'), fc.constantFrom('0', '1'))
  .map(([length, one, two]) => ('a'.repeat(length) + one + two.repeat(64)).slice(0, 64));
const anyValue = fc.constantFrom('', '00', '01', 'ffff', '00'.repeat(200));
const anyChanges = fc.array(fc.tuple(anyPath, fc.option(anyValue, { nil: undefined })), { maxLength: 8 });

const changesOf = (list: readonly (readonly [string, string | undefined])[]): TrieChange[] =>
  list.map(([path, value]) => ({ path: fromHex(path), value: value === undefined ? undefined : fromHex(value) }));

function applied(map: Map<string, string>, list: readonly (readonly [string, string | undefined])[]): void {
  for (const [path, value] of list) {
    if (value === undefined) map.delete(path);
    else map.set(path, value);
  }
}

describe('a versioned trie', () => {
  test('differs from a version of it where their maps differ', () => {
    fc.assert(
      fc.property(fc.array(anyChanges, { minLength: 1, maxLength: 6 }), fc.nat(), (batches, pick) => {
        const trie = new VersionedTrie(createMemoryKeyValue());
        const map = new Map<string, string>();
        const versions: ReadonlyMap<string, string>[] = [new Map()];
        for (const batch of batches) {
          trie.update(changesOf(batch));
          applied(map, batch);
          trie.commit();
          versions.push(new Map(map));
        }
        const number = pick % versions.length;
        const before = versions[number]!;
        const text = (leaf: Leaf | undefined): string | undefined => leaf && hexFromBytes(leaf.value);
        const found = [...trie.differences(number)].map(
          ({ before: left, after: right }) =>
            [hexFromBytes((left ?? right)!.path), [text(left), text(right)] as const] as const,
        );
        const paths = [...new Set([...before.keys(), ...map.keys()])].filter(
          (path) => before.get(path) !== map.get(path),
        );
        expect(new Map(found)).toEqual(
          new Map(paths.map((path) => [path, [before.get(path), map.get(path)] as const])),
        );
        expect(found.length).toBe(paths.length);
      }),
      { numRuns: runs },
    );
  });

  test('is a map with the root of the definition, and keeps every version across a reopening', () => {
    fc.assert(
      fc.property(fc.array(anyChanges, { maxLength: 6 }), (batches) => {
        const store = createMemoryKeyValue();
        let trie = new VersionedTrie(store);
        const map = new Map<string, string>();
        const versions: [root: string, content: string][] = [];
        const content = (): string =>
          [...trie.leaves()].map((leaf) => hexFromBytes(leaf.path) + hexFromBytes(leaf.value)).join();
        for (const [index, batch] of batches.entries()) {
          trie.update(changesOf(batch));
          applied(map, batch);
          expect(hexFromBytes(trie.root())).toBe(rootByDefinition(map));
          if (index % 2 === 0) continue;
          const { root } = trie.commit();
          versions.push([hexFromBytes(root), content()]);
          if (index % 3 === 0) trie = new VersionedTrie(store);
        }
        expect(content()).toBe(
          [...map]
            .sort()
            .map(([path, value]) => path + value)
            .join(),
        );
        for (const [path, value] of map) expect(hexFromBytes(trie.get(fromHex(path))!)).toBe(value);
        for (const [root, saved] of versions) {
          trie.reset(fromHex(root));
          expect([hexFromBytes(trie.root()), content()]).toEqual([root, saved]);
        }
      }),
      { numRuns: runs },
    );
  });

  test('has one root for one content, however it came about', () => {
    fc.assert(
      fc.property(anyChanges, anyChanges, (one, two) => {
        const map = new Map<string, string>();
        applied(map, one);
        applied(map, two);
        const together = new VersionedTrie(createMemoryKeyValue());
        together.update(changesOf([...map]));
        const apart = new VersionedTrie(createMemoryKeyValue());
        for (const change of changesOf([...one, ...two])) apart.update([change]);
        expect(apart.root()).toEqual(together.root());
      }),
      { numRuns: runs },
    );
  });

  test('proves what it holds and what it does not', () => {
    fc.assert(
      fc.property(anyChanges, anyPath, (changes, path) => {
        const map = new Map<string, string>();
        applied(map, changes);
        const trie = new VersionedTrie(createMemoryKeyValue());
        trie.update(changesOf(changes));
        const result = verifyLeaf(trie.root(), fromHex(path), trie.prove(fromHex(path)));
        const value = map.get(path);
        expect(result).toEqual(
          value === undefined ? { ok: true, present: false } : { ok: true, present: true, value: fromHex(value) },
        );
      }),
      { numRuns: runs * 2 },
    );
  });

  test('a proof proves nothing of another path, and no changed proof proves anything else', () => {
    fc.assert(
      fc.property(
        anyChanges,
        anyPath,
        anyPath,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (changes, path, other, at, flip) => {
          const trie = new VersionedTrie(createMemoryKeyValue());
          trie.update(changesOf(changes));
          const root = trie.root();
          const proof = trie.prove(fromHex(path));
          const truth = verifyLeaf(root, fromHex(other), trie.prove(fromHex(other)));
          const stolen = verifyLeaf(root, fromHex(other), proof);
          if (stolen.ok) expect(stolen).toEqual(truth);
          const changed = Uint8Array.from(proof);
          changed[at % proof.length]! ^= flip;
          expect(verifyLeaf(root, fromHex(path), changed).ok).toBe(false);
          for (const cut of [proof.subarray(0, at % proof.length), new Uint8Array([...proof, 0])])
            expect(verifyLeaf(root, fromHex(path), cut).ok).toBe(false);
        },
      ),
      { numRuns: runs * 2 },
    );
  });

  test('takes any bytes for a proof without throwing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(verifyLeaf(new Uint8Array(32).fill(9), new Uint8Array(32), Uint8Array.of(1, ...bytes)).ok).toBe(false);
      }),
      { numRuns: runs },
    );
  });

  test('goes back to a mark, until the next commit', () => {
    const trie = new VersionedTrie(createMemoryKeyValue());
    const [a, b] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    trie.update([{ path: a, value: a }]);
    const back = trie.mark();
    const root = trie.root();
    trie.update([
      { path: b, value: b },
      { path: a, value: undefined },
    ]);
    back();
    expect(trie.root()).toEqual(root);
    expect(trie.get(b)).toBeUndefined();
    trie.commit();
    expect(back).toThrow('RHO_STORE_ARGUMENT_MISMATCH');
    expect(() => trie.reset(b)).toThrow('RHO_STORE_VERSION_UNKNOWN');
  });

  test('tells two writers of one store apart', () => {
    const store = createMemoryKeyValue();
    const [one, two] = [new VersionedTrie(store), new VersionedTrie(store)];
    const path = new Uint8Array(32);
    one.update([{ path, value: Uint8Array.of(1) }]);
    two.update([{ path, value: Uint8Array.of(2) }]);
    one.commit();
    expect(() => two.commit()).toThrow('RHO_STORE_VERSION_MISMATCH');
    two.refresh();
    expect(two.root()).toEqual(one.root());
    two.update([{ path, value: Uint8Array.of(2) }]);
    two.commit();
    expect(() => one.commit()).toThrow('RHO_STORE_VERSION_MISMATCH');
  });

  test('writes bytes that never change: golden root and proofs', () => {
    const trie = new VersionedTrie(createMemoryKeyValue());
    const paths = ['12'.repeat(32), `12${'34'.repeat(31)}`, 'f0'.repeat(32)].map(fromHex);
    trie.update(paths.map((path, index) => ({ path, value: bytesFromText(`value ${String(index)}`) })));
    expect(hexFromBytes(trie.root())).toMatchInlineSnapshot(
      `"3ceed77ef13f2220b06211ea51cb6265ecf3669de5e70e9d72e45c7149b27e33"`,
    );
    expect(hexFromBytes(trie.prove(paths[1]!))).toMatchInlineSnapshot(
      `"01020080024e04fc69478a113dc9bd902b9c0de97ab22d723178f5ba58a8bf620a62343b3502000aa9e0b20d4a7b96aa39c6ae6cf6c19ae20d7bd3bdcaeef93a18f7bfb66d529bec010776616c75652031"`,
    );
    expect(hexFromBytes(trie.prove(new Uint8Array(32)))).toMatchInlineSnapshot(
      `"010100800229bce89ab30fa4eb31b7dc61c08c41abdd0dc0c55068ebadf8ecef823c6e83454e04fc69478a113dc9bd902b9c0de97ab22d723178f5ba58a8bf620a62343b3503"`,
    );
  });
});
