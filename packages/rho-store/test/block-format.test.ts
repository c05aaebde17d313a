import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteWriter } from '../src/bytes.ts';
import {
  blockHash,
  decodeBlock,
  decodeDeploy,
  decodeLoggedBlock,
  deployId,
  encodeBlock,
  encodeDeploy,
  encodeLoggedBlock,
  logsOf,
  mergedBlock,
  signDeploy,
  unsignedDeploy,
  verifyDeploy,
  type Block,
  type Deploy,
} from '../src/index.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const secret = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const base = { file: 'a.rho', timestamp: 1000, after: 0, tokens: 1000, tokensFor: undefined };

function deploy(source: string, more: Partial<Deploy> = {}): Deploy {
  return unsignedDeploy({ ...base, source, ...more });
}

describe('the bytes of deploys and blocks', () => {
  test('are fixed', () => {
    const one = {
      ...deploy('@1!(2)', { tokens: 7, timestamp: 3, network: new Uint8Array(32).fill(0xaa), salt: Uint8Array.of(8) }),
      deployer: Uint8Array.of(4),
      signature: Uint8Array.of(5, 6),
    };
    expect(hex(encodeDeploy(one))).toBe(
      `020640312128322905612e72686f000000000000000300000000000000000100000000000000070020${'aa'.repeat(32)}01080104020506`,
    );
    expect(hex(deployId(deploy('@1!(2)')))).toMatchInlineSnapshot(
      `"ebf66d13b753d6a52edc4eb3323b21af5e361a74b10c67571bfccb84905a8d88"`,
    );
    const place = { parent: new Uint8Array(32).fill(1), number: 2 };
    const alone: Block = {
      ...place,
      timestamp: 3,
      sender: Uint8Array.of(9),
      deploys: [one],
      events: [5],
      merged: undefined,
    };
    const bytes = encodeBlock(alone);
    const header = `6202${'01'.repeat(32)}0000000000000002`;
    expect(hex(bytes)).toBe(`${header}00000000000000000301090150${hex(encodeDeploy(one))}05`);
    expect(decodeBlock(bytes)).toEqual(alone);
    const logged = { block: alone, log: Uint8Array.of(1, 0) };
    const part = encodeLoggedBlock(logged);
    expect(hex(part)).toBe(`8801${hex(bytes)}020100`);
    expect(decodeLoggedBlock(part)).toEqual(logged);
    const merged = mergedBlock(place, { parts: [logged], origins: [{ part: 0, deploy: 0 }] })!;
    expect(hex(encodeBlock(merged))).toBe(`${header}01018d01${hex(part)}010000`);
    expect(decodeBlock(encodeBlock(merged))).toEqual(merged);
    expect([merged.deploys, merged.events, merged.timestamp, merged.sender.length]).toEqual([[one], [5], 3, 0]);
    expect(
      hex(blockHash({ note: bytes, root: new Uint8Array(32), logHash: new Uint8Array(32) })),
    ).toMatchInlineSnapshot(`"dc1b1663be3c87196a773e52826ba3e26f7e8827158e8c48e3965bfea82f522c"`);
  });

  test('never throw when they are damaged, and are read only as they would be written', () => {
    const place = { parent: new Uint8Array(32), number: 1 };
    const block: Block = {
      ...place,
      timestamp: 2,
      sender: new Uint8Array(0),
      deploys: [
        signDeploy({ ...base, source: '@1!("ü")', salt: Uint8Array.of(1, 2) }, secret(1)),
        deploy('', { tokensFor: new Uint8Array(32), network: new Uint8Array(32) }),
      ],
      events: [0, 300],
      merged: undefined,
    };
    const parts = [
      { block, log: Uint8Array.of(1, 0) },
      { block: { ...block, deploys: [], events: [] }, log: new Uint8Array(0) },
    ];
    const origins = [1, 0].map((index) => ({ part: 0, deploy: index }));
    const merged = encodeBlock(mergedBlock(place, { parts, origins })!);
    for (const bytes of [encodeBlock(block), merged])
      fc.assert(
        fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, change, cut) => {
          const damaged = cut ? bytes.slice(0, at) : bytes.slice();
          if (!cut) damaged[at]! ^= change;
          const read = decodeBlock(damaged);
          if (read !== undefined) expect(encodeBlock(read)).toEqual(damaged);
          const part = decodeLoggedBlock(damaged);
          if (part !== undefined) expect(encodeLoggedBlock(part)).toEqual(damaged);
        }),
      );
    // A merged block is no part of another, so nothing nests.
    expect(decodeLoggedBlock(new ByteWriter().bytes(merged).bytes(Uint8Array.of(1, 0)).finish())).toBeUndefined();
    expect(mergedBlock(place, { parts, origins: [{ part: 1, deploy: 0 }] })).toBeUndefined();
    expect(logsOf({ block: { ...block, events: [1, 0] }, log: Uint8Array.of(1, 0) })).toBeUndefined();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (any) => {
        const read = decodeDeploy(any);
        if (read !== undefined) expect(encodeDeploy(read)).toEqual(any);
        expect(decodeBlock(any)).toBeUndefined();
        expect(decodeLoggedBlock(any)).toBeUndefined();
        logsOf({ block, log: any });
      }),
    );
  });

  test('carry signatures of everything', () => {
    const signed = signDeploy({ ...base, source: '@1!(1)' }, secret(1));
    expect(verifyDeploy(signed)).toBe(true);
    const changes: Partial<Deploy>[] = [
      { source: '@1!(2)' },
      { file: 'b.rho' },
      { timestamp: 1 },
      { after: 1 },
      { tokens: 1 },
      { tokens: undefined },
      { deployer: signDeploy({ ...base, source: '@1!(1)' }, secret(2)).deployer },
      { deployer: new Uint8Array(0) },
      { network: new Uint8Array(32) },
      { salt: Uint8Array.of(1) },
      { signature: new Uint8Array(0) },
      { signature: new Uint8Array(64) },
    ];
    for (const change of changes) expect(verifyDeploy({ ...signed, ...change })).toBe(false);
    expect(() => signDeploy({ ...base, source: '' }, new Uint8Array(32))).toThrow('secretKey: expected');
    expect(() => unsignedDeploy({ ...base, source: '1', tokensFor: new Uint8Array(32) })).toThrow('source: expected');
    expect(() => unsignedDeploy({ ...base, source: '\ud800' })).toThrow('source: expected');
    expect(() => unsignedDeploy({ ...base, source: '1', network: new Uint8Array(31) })).toThrow('network: expected');
    expect(() => unsignedDeploy({ ...base, source: '1', salt: new Uint8Array(33) })).toThrow('salt: expected');
  });
});
