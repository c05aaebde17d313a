import { decodeLog } from '@commute/rho-store';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createDeploy,
  createNetwork,
  decodeBlock,
  decodeDeploy,
  decodeStatement,
  decodeVote,
  encodeBlock,
  encodeDeploy,
  encodeMessage,
  encodeVote,
  FrameReader,
  signStatement,
  verifyDeploy,
  verifyStatement,
  type Message,
} from '../src/index.ts';
import { hex, keyOf, networkOf } from './cluster.ts';

const runs = Number(process.env['FC_NUM_RUNS'] ?? 200);
const network = networkOf(2, { genesis: '@"seat"!(7)', decision: 'votes' }, [1n, 2n ** 40n + 3n]);
const deploy = createDeploy(network, '@"a"!(1)', {
  timestamp: 1_700_000_000_000,
  from: 3,
  salt: Uint8Array.of(9, 8),
  secretKey: keyOf(5),
});
const log = Uint8Array.of(1, 0);
const block = { base: new Uint8Array(32).fill(0xaa), timestamp: 5, deploys: [{ deploy, log }] };
const statement = signStatement(network, { round: 3, step: 0, member: 1, body: encodeBlock(block) }, keyOf(1));
const messages: Message[] = [
  { kind: 'hello', network: network.id, round: 7 },
  { kind: 'statement', bytes: statement.bytes },
  { kind: 'round', round: 2 ** 40 },
];

describe('bytes of the network', () => {
  test('never change: golden bytes', () => {
    expect(hex(network.id)).toMatchInlineSnapshot(`"f76de298e51fa2a18190318c5acb42e5bcf1bd0a5f4a41ff635f397695129411"`);
    expect(hex(deploy.id)).toMatchInlineSnapshot(`"b16b9927129b7a84b57ed7651f6639d9c8b5155b6481ad591ebb331fdc2f6f5a"`);
    expect(hex(encodeDeploy(deploy))).toMatchInlineSnapshot(
      `"010840226122212831290000018bcfe568000000000000000003020908208a875fff1eb38451577acd5afee405456568dd7c89e090863a0557bc7af49f1740e139a49ad97eb9651eeb9ab419f2d094d1a9c08a71bdcc5ccc25e9d05d3342a6a26a3b53fd79339bcd19f9872569567deb34a92838c025e71be96b7603cad508"`,
    );
    expect(hex(encodeBlock(block))).toMatchInlineSnapshot(
      `"01aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa0000000000000005017f010840226122212831290000018bcfe568000000000000000003020908208a875fff1eb38451577acd5afee405456568dd7c89e090863a0557bc7af49f1740e139a49ad97eb9651eeb9ab419f2d094d1a9c08a71bdcc5ccc25e9d05d3342a6a26a3b53fd79339bcd19f9872569567deb34a92838c025e71be96b7603cad508020100"`,
    );
    expect(hex(statement.hash)).toMatchInlineSnapshot(
      `"92c4b7cd9b6e5d423ea706dd56e690405538eb016be0502ef822cad4e1883a3b"`,
    );
    expect(hex(statement.bytes)).toMatchInlineSnapshot(
      `"01f76de298e51fa2a18190318c5acb42e5bcf1bd0a5f4a41ff635f3976951294110000000000000003000001ad0101aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa0000000000000005017f010840226122212831290000018bcfe568000000000000000003020908208a875fff1eb38451577acd5afee405456568dd7c89e090863a0557bc7af49f1740e139a49ad97eb9651eeb9ab419f2d094d1a9c08a71bdcc5ccc25e9d05d3342a6a26a3b53fd79339bcd19f9872569567deb34a92838c025e71be96b7603cad508020100538ddc9e52414e5867915adfbecffb069de2cae8adb8db5344b47c5497025513d9fb69768581f55ad8e2d009ef27985339dd2bd450f3e93f37eb0fd0dd8d8001"`,
    );
    expect(hex(encodeVote([new Uint8Array(32).fill(1)]))).toMatchInlineSnapshot(
      `"010101010101010101010101010101010101010101010101010101010101010101"`,
    );
    expect(messages.filter((one) => one.kind !== 'statement').map((one) => hex(encodeMessage(one))))
      .toMatchInlineSnapshot(`
        [
          "0000002a0101f76de298e51fa2a18190318c5acb42e5bcf1bd0a5f4a41ff635f3976951294110000000000000007",
          "00000009030000010000000000",
        ]
      `);
  });

  test('are read as they were written', () => {
    expect(decodeDeploy(network, encodeDeploy(deploy))).toEqual(deploy);
    expect(verifyDeploy(deploy)).toBe(true);
    expect(decodeBlock(network, encodeBlock(block))).toEqual(block);
    expect(decodeLog(block.deploys[0]!.log).ok).toBe(true);
    const decoded = decodeStatement(network, statement.bytes);
    expect(decoded).toEqual({ ok: true, statement });
    expect(verifyStatement(network, statement)).toBe(true);
    const votes = [1, 2].map((byte) => new Uint8Array(32).fill(byte));
    expect(decodeVote(encodeVote(votes))).toEqual(votes);
    // A deploy of one network is another in the next.
    expect(decodeDeploy(networkOf(2), encodeDeploy(deploy))!.id).not.toEqual(deploy.id);
  });

  test('that were changed anywhere are refused, or are another statement that nobody signed', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Uint8Array.from(statement.bytes);
        changed[at % changed.length]! ^= flip;
        const decoded = decodeStatement(network, changed);
        if (decoded.ok) expect(verifyStatement(network, decoded.statement)).toBe(false);
        const other = Uint8Array.from(encodeDeploy(deploy));
        other[at % other.length]! ^= flip;
        const read = decodeDeploy(network, other);
        if (read !== undefined) expect(verifyDeploy(read)).toBe(false);
        for (const bytes of [changed, other]) {
          expect(decodeStatement(network, bytes.subarray(0, at % bytes.length)).ok).toBe(false);
          expect(decodeDeploy(network, other.subarray(0, at % other.length))).toBeUndefined();
        }
      }),
      { numRuns: runs },
    );
  });

  test('may be anything', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat({ max: 40 }), (bytes, keep) => {
        const mixed = new Uint8Array([...encodeBlock(block).subarray(0, keep), ...bytes]);
        for (const each of [bytes, mixed]) {
          decodeBlock(network, each);
          decodeDeploy(network, each);
          decodeVote(each);
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
      { members: members.map((one) => ({ ...one, stake: 2n })) },
    ];
    expect(new Set([base, ...others.map((one) => createNetwork(one))].map((one) => hex(one.id))).size).toBe(8);
    for (const wrong of [
      { members: [] },
      { members: [members[0]!, members[0]!] },
      { members: [{ publicKey: new Uint8Array(31) }] },
      { members: [{ publicKey: keyOf(1), stake: -1n }] },
      { members: [{ publicKey: keyOf(1), stake: 2n ** 64n }] },
      { members, lifetime: 0 },
      { members, maximumComms: 0.5 },
      { members, maximumBlockBytes: 10 },
    ])
      expect(() => createNetwork(wrong)).toThrow('RHO_NODE_ARGUMENT');
  });
});
