import { encodeLoggedBlock, type LoggedBlock } from '@commute/rho-store';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createNetwork,
  decodeBase,
  decodeCertificate,
  decodeOffer,
  decodeSet,
  decodeStatement,
  decodeVote,
  encodeBase,
  encodeCertificate,
  encodeMessage,
  encodeOffer,
  encodeSet,
  encodeVote,
  FrameReader,
  signStatement,
  STEP,
  verifyCertificate,
  verifyStatement,
  type Certificate,
  type Message,
  type Statement,
} from '../src/index.ts';
import { hex, keyOf, networkOf } from './cluster.ts';

const runs = Number(process.env['FC_NUM_RUNS'] ?? 200);
const network = networkOf(2, { genesis: '@"seat"!(7)', decision: 'votes' }, [1n, 2n ** 40n + 3n]);
const logged: LoggedBlock = {
  block: {
    parent: new Uint8Array(32).fill(0xaa),
    number: 3,
    timestamp: 5,
    sender: network.members[1]!.publicKey,
    deploys: [],
    events: [],
    merged: undefined,
  },
  log: Uint8Array.of(1, 0),
};
const body = encodeLoggedBlock(logged);
const statement = signStatement(network, { round: 3, step: STEP.block, view: 0, member: 1, body }, keyOf(1));
const set = encodeSet([0, 1].map((member) => ({ member, hash: new Uint8Array(32).fill(member) })));
const offer = encodeOffer({ prepared: 6, set });
const offered = signStatement(network, { round: 3, step: STEP.blockOffer, view: 9, member: 0, body: offer }, keyOf(0));
const commits = [0, 1].map((member) =>
  signStatement(network, { round: 3, step: STEP.blockCommit, view: 2, member, body: set }, keyOf(member)),
);
const certificate: Certificate = { round: 3, step: STEP.blockCommit, view: 2, body: set, statements: commits };
const base = { root: 1, block: 2, accepted: 3 };
const baseBody = encodeBase({
  root: new Uint8Array(32).fill(base.root),
  block: new Uint8Array(32).fill(base.block),
  accepted: new Uint8Array(32).fill(base.accepted),
});
const bases = [0, 1].map((member) =>
  signStatement(network, { round: 3, step: STEP.base, view: 0, member, body: baseBody }, keyOf(member)),
);
const baseCertificate: Certificate = { round: 3, step: STEP.base, view: 0, body: baseBody, statements: bases };
const messages: Message[] = [
  { kind: 'hello', version: 3, oldest: 3, network: network.id, round: 7 },
  { kind: 'statement', bytes: statement.bytes },
  { kind: 'round', round: 2 ** 40 },
  { kind: 'want', hash: statement.hash },
  { kind: 'certificate', bytes: encodeCertificate(certificate) },
  { kind: 'forgotten', round: 3, oldest: 2 ** 33 },
  // From here on of version 4.
  { kind: 'hello', version: 4, oldest: 3, network: network.id, round: 7 },
  { kind: 'want-state', round: 2 },
  { kind: 'state', round: 2, size: 258, certificate: encodeCertificate(baseCertificate) },
  { kind: 'want-part', round: 2, limit: 4096, place: Uint8Array.of(0, 0), have: new Uint8Array(8).fill(9) },
  { kind: 'part', bytes: Uint8Array.of(3, 1, 2, 3) },
  { kind: 'refused', about: 9, reason: 'not-kept', oldest: 3, version: 4 },
  { kind: 'unknown', code: 200 },
];

describe('bytes of the network', () => {
  test('never change: golden bytes', () => {
    expect(hex(network.id)).toMatchInlineSnapshot(`"d1f56155cd1c596d240a986af5f6f37677bd6d0b79a484135d83a9c5ba772e6b"`);
    expect(hex(statement.hash)).toMatchInlineSnapshot(
      `"70ab4a7055ef49ed4d434719a0a6acea1d6d5ce2dae7597a3ad1661eab1267eb"`,
    );
    expect(hex(statement.bytes)).toMatchInlineSnapshot(
      `"02d1f56155cd1c596d240a986af5f6f37677bd6d0b79a484135d83a9c5ba772e6b00000000000000030000000000000159556202aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa0000000000000003000000000000000005208139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394000201004bac1204cb5c9c26765f2a913be15d2fa3aa6f79baa44410f9cee76fe386d93bb387697710131d59fb39bc963b4354af3fb8f0cdf4b0cc8db463403bdd377a0d"`,
    );
    expect(hex(set)).toBe(`020000${'00'.repeat(32)}0001${'01'.repeat(32)}`);
    expect(hex(offer)).toBe(`00000007${hex(set)}`);
    expect(hex(offered.bytes)).toMatchInlineSnapshot(
      `"02d1f56155cd1c596d240a986af5f6f37677bd6d0b79a484135d83a9c5ba772e6b0000000000000003010000000900004900000007020000000000000000000000000000000000000000000000000000000000000000000000010101010101010101010101010101010101010101010101010101010101010101e44b34a19009244b4be1469437afa7e3f21fa406a657c2e3fa96c450e03283129c0f3d76c10daa3f7dba963ead53f4d778f257e4a333a8be380dd52207c55602"`,
    );
    expect(hex(encodeVote([new Uint8Array(32).fill(1)]))).toMatchInlineSnapshot(
      `"010101010101010101010101010101010101010101010101010101010101010101"`,
    );
    expect(
      messages
        .filter((one) => one.kind !== 'statement' && one.kind !== 'unknown')
        .map((one) => hex(encodeMessage(one))),
    ).toMatchInlineSnapshot(`
      [
        "0000002a0103d1f56155cd1c596d240a986af5f6f37677bd6d0b79a484135d83a9c5ba772e6b0000000000000007",
        "00000009030000010000000000",
        "000000210470ab4a7055ef49ed4d434719a0a6acea1d6d5ce2dae7597a3ad1661eab1267eb",
        "000000d905000000000000000303000000024502000000000000000000000000000000000000000000000000000000000000000000000001010101010101010101010101010101010101010101010101010101010101010102000024a7f7d8eaf43a2a9e1f59158232ffbfbf13a1083a0caa1c30d8612466e0b031ccf8ece32b3c02e0bb4b5c9e04aa3bb1f3d6e26130c8da7b635d273729d9680100016152c856a82b411eae4e6301769d9f923d1e3e1f1926b51c50626cd899c1774cabf7a24bbb471a21ffbfa44f1fb662517489a5fd33ee2ed4c64d0b66e802aa0c",
        "000000110600000000000000030000000200000000",
        "0000002b010403d1f56155cd1c596d240a986af5f6f37677bd6d0b79a484135d83a9c5ba772e6b0000000000000007",
        "00000009070000000000000002",
        "0000010408000000000000000200000000000001020000000000000003080000000060010101010101010101010101010101010101010101010101010101010101010102020202020202020202020202020202020202020202020202020202020202020303030303030303030303030303030303030303030303030303030303030303020000a7ca40a7805b0d38609ab8bc9a3bb5f8ca8b782bfd4442e2e734b41743ad291bfed385bb682d4d8232a8074f6351ca76f5a4b402a8bc146e45f305b09a28b2070001da213b0bde3c34909631e92c95e70ee49b77e84949dd4645ea7db248f6ec64a0e21786e3380cfdf9036db1d7fc586b449dea6e3927ba3dcba5e3cf116657e60c",
        "00000018090000000000000002000010000200000909090909090909",
        "000000050a03010203",
        "000000050b09040304",
      ]
    `);
  });

  test('are read as they were written', () => {
    const decoded = decodeStatement(network, statement.bytes);
    expect(decoded).toEqual({ ok: true, statement });
    expect(verifyStatement(network, statement)).toBe(true);
    expect(decodeStatement(network, offered.bytes)).toEqual({ ok: true, statement: offered });
    expect(decodeOffer(offer)).toEqual({ prepared: 6, set });
    expect(decodeOffer(encodeOffer({ prepared: undefined, set }))).toEqual({ prepared: undefined, set });
    expect(encodeSet(decodeSet(network, set)!)).toEqual(set);
    const votes = [1, 2].map((byte) => new Uint8Array(32).fill(byte));
    expect(decodeVote(encodeVote(votes))).toEqual(votes);
    const read = decodeCertificate(network, encodeCertificate(certificate));
    expect(read).toEqual({ ok: true, certificate });
    expect(verifyCertificate(network, certificate)).toBe(true);
    // Of too few, of members twice or unknown, of steps in which quorums prove nothing, of other sets: none.
    const [one, two] = commits as [Statement, Statement];
    for (const wrong of [
      { statements: [one] },
      { statements: [one, one, two] },
      { statements: [two, one] },
      { step: STEP.block },
      { step: STEP.voteOffer },
      { step: 9 },
      { step: STEP.base },
      { step: STEP.base, body: baseBody, view: 1 },
      { step: STEP.blockCommit, body: baseBody },
      { body: new Uint8Array(0) },
      { body: encodeSet([{ member: 0, hash: new Uint8Array(32) }]) },
      { statements: [one, two, { ...two, member: 2 }] },
    ])
      expect(decodeCertificate(network, encodeCertificate({ ...certificate, ...wrong })).ok).toBe(false);
    expect(decodeCertificate(network, encodeCertificate(baseCertificate))).toEqual({
      ok: true,
      certificate: baseCertificate,
    });
    expect(encodeBase(decodeBase(baseBody)!)).toEqual(baseBody);
    expect(decodeBase(baseBody.subarray(1))).toBeUndefined();
    // What a hello of a version to come says besides is passed over, and one of before says nothing.
    const [later, before] = [
      [9, 4, ...network.id, 0, 0, 0, 0, 0, 0, 0, 7, 1, 2, 3],
      [2, 5],
    ].map((bytes) => [...new FrameReader(100).push(Uint8Array.of(0, 0, 0, bytes.length + 1, 1, ...bytes))][0]);
    expect(later).toEqual({ kind: 'hello', version: 9, oldest: 4, network: network.id, round: 7 });
    expect(before).toBeUndefined();
    const forged = { ...certificate, statements: [one, { ...two, signature: one.signature }] };
    expect(verifyCertificate(network, forged)).toBe(false);
    // However small blocks are, members can say which they are.
    const many = networkOf(100, { maximumBlockBytes: 1024 });
    const large = encodeSet(many.members.map((_, member) => ({ member, hash: new Uint8Array(32) })));
    const said = { round: 1, step: STEP.blockPrepare, view: 0, member: 1, body: large };
    expect(decodeStatement(many, signStatement(many, said, keyOf(1)).bytes).ok).toBe(true);
    // Sets that name members twice or out of order, or nobody, or have no quorum, are none.
    const entry = (member: number): { member: number; hash: Uint8Array } => ({ member, hash: new Uint8Array(32) });
    for (const wrong of [[1, 0], [1, 1], [0, 1, 2], [0], []])
      expect(decodeSet(network, encodeSet(wrong.map(entry)))).toBeUndefined();
    // Blocks and votes are said once, whatever the view.
    const twice = { round: 3, step: STEP.vote, view: 1, member: 1, body: new Uint8Array(0) };
    expect(decodeStatement(network, signStatement(network, twice, keyOf(1)).bytes).ok).toBe(false);
  });

  test('that were changed anywhere are refused, or are another statement that nobody signed', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Uint8Array.from(statement.bytes);
        changed[at % changed.length]! ^= flip;
        const decoded = decodeStatement(network, changed);
        if (decoded.ok) expect(verifyStatement(network, decoded.statement)).toBe(false);
        expect(decodeStatement(network, changed.subarray(0, at % changed.length)).ok).toBe(false);
        const other = encodeCertificate(certificate);
        other[at % other.length]! ^= flip;
        const read = decodeCertificate(network, other);
        if (read.ok) expect(verifyCertificate(network, read.certificate)).toBe(false);
        expect(decodeCertificate(network, other.subarray(0, at % other.length)).ok).toBe(false);
      }),
      { numRuns: runs },
    );
  });

  test('may be anything', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat({ max: 40 }), (bytes, keep) => {
        const mixed = new Uint8Array([...statement.bytes.subarray(0, keep), ...bytes]);
        for (const each of [bytes, mixed]) {
          decodeVote(each);
          expect(decodeCertificate(network, each).ok).toBe(false);
          decodeOffer(each);
          const read = decodeSet(network, each);
          if (read !== undefined) expect(encodeSet(read)).toEqual(each);
          expect(decodeStatement(network, each).ok).toBe(false);
          const reader = new FrameReader(1000);
          for (const message of reader.push(each)) expect(message.kind).toBeTypeOf('string');
        }
      }),
      { numRuns: runs },
    );
  });

  test('come in chunks of any size, and frames end where they end', () => {
    const all = Buffer.concat([...messages, ...messages].map((one) => encodeMessage(one)));
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }), (sizes) => {
        const reader = new FrameReader(10_000);
        const got: Message[] = [];
        for (let at = 0, index = 0; at < all.length; index += 1) {
          const size = sizes[index % sizes.length]!;
          got.push(...reader.push(all.subarray(at, at + size)));
          at += size;
        }
        expect(got).toEqual([...messages, ...messages]);
        expect(reader.failed).toBeUndefined();
      }),
      { numRuns: runs },
    );
    const small = new FrameReader(statement.bytes.length);
    expect([...small.push(encodeMessage(messages[1]!))]).toEqual([]);
    expect(small.failed).toBe('too-large');
    expect([...small.push(encodeMessage(messages[2]!))]).toEqual([]);
    // A frame that never ends takes the memory of its bytes, in however many chunks.
    const endless = new FrameReader(100_000);
    const head = Uint8Array.of(0, 1, 0, 0);
    expect([...endless.push(head)]).toEqual([]);
    for (let index = 0; index < 5000; index += 1) expect([...endless.push(Uint8Array.of(2))]).toEqual([]);
    expect(endless.failed).toBeUndefined();
  });

  test('a network is what its options are, and takes no wrong ones', () => {
    const members = network.members;
    const base = createNetwork({ members });
    expect(createNetwork({ members }).id).toEqual(base.id);
    const others = [
      { members: members.toReversed() },
      { members, genesis: 'Nil' },
      { members, decision: 'votes' as const },
      { members, maximumComms: 5 },
      { members, maximumBlockBytes: 2048 },
      { members, lifetime: 5 },
      { members, quorum: base.quorum + 1n },
      { members: members.map((one) => ({ ...one, stake: 2n })) },
    ];
    expect(new Set([base, ...others.map((one) => createNetwork(one))].map((one) => hex(one.id))).size).toBe(9);
    for (const wrong of [
      { members: [] },
      { members: [members[0]!, members[0]!] },
      { members: [{ publicKey: new Uint8Array(31) }] },
      { members: [{ publicKey: keyOf(1), stake: -1n }] },
      { members: [{ publicKey: keyOf(1), stake: 2n ** 64n }] },
      { members, lifetime: 0 },
      { members, quorum: base.stake / 2n },
      { members, quorum: base.stake + 1n },
      { members: members.map((one) => ({ ...one, stake: 0n })) },
      { members: members.map((one) => ({ ...one, stake: 2n ** 63n })) },
      { members, maximumComms: 0.5 },
      { members, maximumBlockBytes: 10 },
    ])
      expect(() => createNetwork(wrong)).toThrow('RHO_NODE_ARGUMENT');
  });
});
