import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeDiskArgument,
  Disk,
  DiskHost,
  encodeDiskArgument,
  proveDisk,
  verifyDisk,
  type DiskClaim,
  type DiskStreams,
} from '@commute/disk';
import { type Asked, content, contents, requests, streamOf } from './streams.ts';

interface Run {
  readonly before: Disk;
  readonly claim: DiskClaim;
  readonly streams: DiskStreams;
  readonly argument: Uint8Array;
}

function diskOf(written: readonly [number, number][]): Disk {
  const disk = new Disk();
  for (const [block, fill] of written) disk.write(block, content(fill));
  return disk;
}

function runOf(before: Disk, asked: readonly Asked[], input: Uint8Array): Run {
  const host = new DiskHost(before.clone(), input);
  const written = streamOf(asked);
  const given = host.answer(written);
  const claim = { before: before.root(), after: host.disk.root(), input, output: host.output() };
  return { before, claim, streams: { written, given }, argument: proveDisk(before, written) };
}

const reasonOf = ({ claim, streams, argument }: Omit<Run, 'before'>): string => {
  const verdict = verifyDisk(claim, streams, argument);
  return verdict.ok ? 'none' : verdict.reason;
};

/** All that a run with a disk is, kept in the plainest way. */
function reference(
  before: Disk,
  asked: readonly Asked[],
  input: Uint8Array,
): { given: number[]; output: number[]; after: Disk } {
  const blocks = new Map(before.entries().map(([block, bytes]) => [block, [...bytes]]));
  const given: number[] = [];
  const output: number[] = [];
  const rest = [...input];
  for (const each of asked) {
    if (each.kind === 'put') output.push(...each.bytes);
    if (each.kind === 'write') blocks.set(each.block, [...content(each.fill)]);
    if (each.kind === 'read') given.push(...(blocks.get(each.block) ?? new Array<number>(512).fill(0)));
    if (each.kind === 'take') {
      const bytes = rest.splice(0, each.most);
      given.push(bytes.length, 0, 0, 0, ...bytes);
      while (given.length % 4 !== 0) given.push(0);
    }
  }
  const after = new Disk();
  for (const [block, bytes] of blocks) after.write(block, Uint8Array.from(bytes));
  return { given, output, after };
}

test('honest runs are answered as they should be, and accepted', () => {
  fc.assert(
    fc.property(contents, requests, fc.uint8Array({ maxLength: 20 }), (first, asked, input) => {
      const run = runOf(diskOf(first), asked, input);
      const expected = reference(run.before, asked, input);
      expect([...run.streams.given]).toEqual(expected.given);
      expect([...run.claim.output]).toEqual(expected.output);
      expect(run.claim.after).toEqual(expected.after.root());
      expect(verifyDisk(run.claim, run.streams, run.argument)).toMatchObject({
        ok: true,
        reads: asked.filter(({ kind }) => kind === 'read').length,
        writes: asked.filter(({ kind }) => kind === 'write').length,
      });
    }),
    { numRuns: 60 },
  );
});

test('requests may come in pieces', () => {
  fc.assert(
    fc.property(requests, fc.uint8Array({ maxLength: 20 }), fc.integer({ min: 1, max: 700 }), (asked, input, piece) => {
      const written = streamOf(asked);
      const [whole, pieces] = [new DiskHost(new Disk(), input), new DiskHost(new Disk(), input)];
      const given: number[] = [];
      for (let stop = 0; stop < written.length + piece; stop += piece)
        given.push(...pieces.answer(written.subarray(0, stop)));
      expect(given).toEqual([...whole.answer(written)]);
      expect(pieces.output()).toEqual(whole.output());
      expect(pieces.position).toBe(written.length);
    }),
    { numRuns: 40 },
  );
});

test('a host answers nothing after a request that is none', () => {
  const host = new DiskHost(new Disk());
  const read = streamOf([{ kind: 'read', block: 1 }]);
  const written = Uint8Array.from([...read, 9, 0, 0, 0, 0, 0, 0, 0, ...read]);
  expect(host.answer(written).length).toBe(512);
  expect(host.refusal).toEqual({ reason: 'unknown-request', at: 8 });
  expect(host.answer(Uint8Array.from([...written, ...read])).length).toBe(0);
});

describe('forgeries', () => {
  const before = diskOf([
    [3, 1],
    [4, 2],
    [2 ** 31, 3],
  ]);
  const asked: Asked[] = [
    { kind: 'take', most: 5 },
    { kind: 'read', block: 3 },
    { kind: 'write', block: 4, fill: 1 },
    { kind: 'read', block: 4 },
    { kind: 'read', block: 9 },
    { kind: 'put', bytes: Uint8Array.of(1, 2, 3) },
  ];
  const honest = runOf(before, asked, Uint8Array.of(7, 8, 9));
  const given = (at: number, value: number): Run => ({
    ...honest,
    streams: { ...honest.streams, given: honest.streams.given.map((byte, place) => (place === at ? value : byte)) },
  });
  const claiming = (changed: Partial<DiskClaim>): Run => ({ ...honest, claim: { ...honest.claim, ...changed } });

  test('the honest run is accepted', () => {
    expect(reasonOf(honest)).toBe('none');
  });

  test('a block reads as it never was', () => {
    expect(reasonOf(given(8, 0))).toBe('other-block');
  });

  test('a block reads as it was before it was written', () => {
    const stale = honest.streams.given.slice();
    stale.set(content(2), 8 + 512);
    expect(reasonOf({ ...honest, streams: { ...honest.streams, given: stale } })).toBe('other-block');
  });

  test('a zero block reads as another', () => {
    expect(reasonOf(given(8 + 1024, 1))).toBe('other-block');
  });

  test('input that is not the claimed one, padding of it, another length', () => {
    expect(reasonOf(given(4, 6))).toBe('other-input');
    expect(reasonOf(given(7, 1))).toBe('other-input');
    expect(reasonOf(given(0, 2))).toBe('other-input');
    expect(reasonOf(claiming({ input: Uint8Array.of(7, 8, 9, 10) }))).toBe('other-input');
  });

  test('output that is not the claimed one, in part or with more', () => {
    expect(reasonOf(claiming({ output: Uint8Array.of(1, 2, 4) }))).toBe('other-output');
    expect(reasonOf(claiming({ output: Uint8Array.of(1, 2) }))).toBe('other-output');
    expect(reasonOf(claiming({ output: Uint8Array.of(1, 2, 3, 0) }))).toBe('other-output');
  });

  test('more, or less, on the input than was asked for', () => {
    const { given: all, written } = honest.streams;
    expect(reasonOf({ ...honest, streams: { written, given: Uint8Array.from([...all, 0]) } })).toBe('other-length');
    expect(reasonOf({ ...honest, streams: { written, given: all.subarray(0, all.length - 1) } })).toBe('other-block');
  });

  test('another disk before, or after', () => {
    expect(reasonOf(claiming({ before: new Disk().root() }))).toBe('other-disk');
    expect(reasonOf(claiming({ after: before.root() }))).toBe('other-root');
    // An argument for a disk with another content of a block that is read: the run would read it.
    const other = runOf(diskOf([[3, 2]]), asked, Uint8Array.of(7, 8, 9));
    expect(reasonOf({ ...other, claim: { ...other.claim, before: before.root() } })).toBe('other-disk');
  });

  test('a block that is not opened', () => {
    const fewer = proveDisk(before, streamOf(asked.filter((each) => each.kind !== 'read' || each.block !== 9)));
    expect(reasonOf({ ...honest, argument: fewer })).toBe('unopened-block');
  });

  test('a block read by its digest alone', () => {
    const writesFirst = proveDisk(before, streamOf([{ kind: 'write', block: 3, fill: 0 }, ...asked]));
    expect(reasonOf({ ...honest, argument: writesFirst })).toBe('unopened-block');
  });

  test('an opening of more than is needed', () => {
    const more = proveDisk(before, streamOf([...asked, { kind: 'read', block: 2 ** 31 }]));
    expect(reasonOf({ ...honest, argument: more })).toBe('idle-opening');
    const content4 = proveDisk(before, streamOf([{ kind: 'read', block: 4 }, ...asked]));
    expect(reasonOf({ ...honest, argument: content4 })).toBe('idle-opening');
  });

  test('requests that end too early, are none, or are padded with something', () => {
    const { written, given: all } = honest.streams;
    const reason = (bytes: Uint8Array): string => reasonOf({ ...honest, streams: { written: bytes, given: all } });
    expect(reason(written.subarray(0, written.length - 1))).toBe('incomplete-request');
    expect(reason(Uint8Array.from([...written, 5, 0, 0, 0, 0, 0, 0, 0]))).toBe('unknown-request');
    expect(reason(written.map((byte, place) => (place === written.length - 1 ? 1 : byte)))).toBe('padding');
  });

  test('no change of a byte of the argument is accepted, nor a cut, nor an addition', () => {
    const { argument } = honest;
    for (let place = 0; place < argument.length; place++) {
      for (const change of [1, 128]) {
        const bytes = argument.map((byte, at) => (at === place ? byte ^ change : byte));
        expect(reasonOf({ ...honest, argument: bytes }), String(place)).not.toBe('none');
      }
    }
    for (let length = 0; length < argument.length; length++) {
      expect(reasonOf({ ...honest, argument: argument.subarray(0, length) })).toBe('malformed');
    }
    expect(reasonOf({ ...honest, argument: Uint8Array.from([...argument, 0]) })).toBe('malformed');
  });

  test('bytes of anybody give a reason', () => {
    const magic = honest.argument.subarray(0, 6);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ maxLength: 80 }), (noise, stream) => {
        expect(reasonOf({ ...honest, argument: noise })).toBe('malformed');
        expect(reasonOf({ ...honest, argument: Uint8Array.from([...magic, ...noise]) })).not.toBe('none');
        const streams = { written: stream, given: noise };
        expect(typeof verifyDisk(honest.claim, streams, honest.argument).ok).toBe('boolean');
      }),
    );
  });

  test('the prover of a stream that is not made of requests is told', () => {
    expect(() => proveDisk(before, Uint8Array.of(1, 2, 3))).toThrow('written: expected whole requests');
  });

  test('a root of another length is the mistake of the caller', () => {
    expect(() => verifyDisk({ ...honest.claim, after: new Uint8Array(31) }, honest.streams, honest.argument)).toThrow(
      'after: expected 32 bytes, got 31',
    );
  });
});

test('an argument has these bytes', () => {
  const { argument } = runOf(
    diskOf([[1, 1]]),
    [
      { kind: 'write', block: 0, fill: 1 },
      { kind: 'read', block: 2 ** 32 - 1 },
    ],
    new Uint8Array(),
  );
  const bytes = Buffer.from(argument).toString('hex');
  // Two zero blocks; 62 subtrees beside their paths, of which the second is not zero.
  expect(bytes.slice(0, 20 + 20 + 16)).toBe('43444152010002000000' + '0000000000' + 'ffffffff00' + '0100000000000000');
  expect(argument.length).toBe(10 + 2 * 5 + 8 + 32);
});

describe('files of arguments', () => {
  const { claim, argument } = runOf(
    diskOf([[1, 1]]),
    [
      { kind: 'take', most: 2 },
      { kind: 'put', bytes: Uint8Array.of(3) },
    ],
    Uint8Array.of(4, 5),
  );
  const bytes = encodeDiskArgument({ claim, argument });

  test('are read as they were written', () => {
    expect(decodeDiskArgument(bytes)).toEqual({ ok: true, value: { claim, argument } });
  });

  test('have these bytes', () => {
    const hex = (part: Uint8Array): string => Buffer.from(part).toString('hex');
    const roots = hex(claim.before) + hex(claim.after);
    expect(hex(bytes)).toBe(`434452460100${roots}0200000001000000040503${hex(argument)}`);
  });

  test('that are damaged are refused, or hold another argument', () => {
    for (let length = 0; length < 81; length++) {
      expect(decodeDiskArgument(bytes.subarray(0, length))).toEqual({ ok: false, reason: 'truncated' });
    }
    expect(decodeDiskArgument(bytes.map((byte, place) => (place === 4 ? 2 : byte)))).toEqual({
      ok: false,
      reason: 'unknown-format',
    });
    expect(decodeDiskArgument(bytes.map((byte, place) => (place === 73 ? 255 : byte)))).toEqual({
      ok: false,
      reason: 'truncated',
    });
  });
});
