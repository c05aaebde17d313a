import { MODULUS } from '@commute/field';
import { describe, expect, it } from 'vitest';
import {
  type ChainProof,
  decodeChain,
  encodeChain,
  LINK_FORMS,
  type LinkForm,
  type SegmentProof,
} from '../src/index.ts';

const digest = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const roots = (first: bigint): bigint[] => Array.from({ length: 8 }, (_, k) => first + BigInt(k));

const bindings: Readonly<Record<LinkForm, SegmentProof['binding']>> = {
  pairwise: { form: 'pairwise', before: undefined, after: digest(2) },
  global: { form: 'global', root: digest(3), count: 2, path: [digest(4)] },
  paged: { form: 'paged', before: roots(1n), after: roots(MODULUS - 8n) },
};

function chainOf(form: LinkForm): ChainProof {
  const binding = bindings[form];
  const claim = {
    kind: 'first',
    index: 0,
    run: digest(1),
    logCycles: 16,
    pcStart: 0x1000n,
    pcEnd: 0x1234n,
    inputStart: 0,
    inputStop: 5,
    outputStart: 0,
    outputStop: 7,
  } as const;
  return {
    segments: [{ claim, binding, proof: Uint8Array.of(9, 8, 7) }],
    ends: binding.form === 'global' ? [{ binding, proof: Uint8Array.of(6) }] : [],
  };
}

/** Bytes in hexadecimal; those that are repeated once, with their number. */
function compact(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'))
    .join(' ')
    .replace(/(\b..)( \1)+\b/g, (run, byte: string) => `${byte}*${String((run.length + 1) / 3)}`);
}

const golden: Readonly<Record<LinkForm, string>> = {
  pairwise:
    '43*2 48 4e 01 00*2 01 00*3 01 00*4 01*32 10 00 10 00*6 34 12 00*14 05 00*15 07 00*13 01 02*32 03 00*3 09 08 07',
  global:
    '43*2 48 4e 01 00 01*2 00*3 03*32 01 00*3 01 00*4 01*32 10 00 10 00*6 34 12 00*14 05 00*15 07 00*12 01 04*32 03 00*3 09 08 07 01 04*32 01 00*3 06',
  paged:
    '43*2 48 4e 01 00 02 01 00*3 01 00*4 01*32 10 00 10 00*6 34 12 00*14 05 00*15 07 00*12 01 00*7 02 00*7 03 00*7 04 00*7 05 00*7 06 00*7 07 00*7 08 00*7 f9 ff*3 fe ff*3 fa ff*3 fe ff*3 fb ff*3 fe ff*3 fc ff*3 fe ff*3 fd ff*3 fe ff*3 fe ff*3 fe ff*7 fe ff*3 00*4 ff*4 03 00*3 09 08 07',
};

describe('chains as bytes', () => {
  it.each(LINK_FORMS)('are golden, %s', (form) => {
    const bytes = encodeChain(chainOf(form));
    expect(decodeChain(bytes)).toEqual({ ok: true, value: chainOf(form) });
    expect(compact(bytes)).toBe(golden[form]);
  });

  it('have canonical elements as roots, and one of three forms', () => {
    const bytes = encodeChain(chainOf('paged'));
    const at = 11 + 91 + 64 + 8 * 7;
    expect(bytes.slice(at, at + 8)).toEqual(Uint8Array.of(0, 0, 0, 0, 255, 255, 255, 255));
    const beyond = bytes.slice();
    beyond[at] = 1;
    expect(decodeChain(beyond)).toEqual({ ok: false, reason: 'out-of-range' });
    const other = bytes.slice();
    other[6] = 3;
    expect(decodeChain(other)).toEqual({ ok: false, reason: 'out-of-range' });
    for (let length = 0; length < bytes.length; length++) expect(decodeChain(bytes.slice(0, length)).ok).toBe(false);
  });
});
