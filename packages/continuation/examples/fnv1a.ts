/**
 * A co-processor from outside: one instruction that hashes a word of memory by FNV-1a, with the table that proves it.
 *
 * `fnv1a rd, rs1, rs2` has opcode custom-0 and all other bits 0. With h the value of rs1 and m0 to m3 the bytes of the word at the address
 * in rs2, it gives `h := (h xor m) · 16777619 mod 2^32` for each m in turn. In RV32I that takes some 150 instructions.
 *
 * @module
 */
import {
  accessMemory,
  defineExtension,
  heightFor,
  type MachineExtension,
  OPERATION_TICK,
  TraceWriter,
  zeroWhereIdle,
} from '@commute/continuation';
import { column, columns, defineTable, type Table, type Term } from '@commute/stark';

const PRIME = 16_777_619;
const WORD = 2 ** 32;

/** The hash of nothing. */
export const FNV_OFFSET = 0x811c_9dc5;

/** What one execution leaves for the trace. */
interface FnvRecord {
  readonly time: number;
  readonly address: number;
  readonly word: number;
  readonly previous: number;
  readonly hash: number;
}

/** The bytes of a word, the lowest first. */
function bytesOf(word: number): number[] {
  return [0, 1, 2, 3].map((index) => (word >>> (8 * index)) & 255);
}

/** One step of the hash. */
function absorb(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, PRIME) >>> 0;
}

function fnvTable(operation: number): Table {
  const main = {
    active: column('whether the row is used'),
    time: column('first tick of the cycle'),
    address: column('address of the word'),
    previous: column('last access to the word before this one'),
    gap: column('lower limb of the ticks since then, less one'),
    bytes: columns(4, 'the bytes of the word'),
    // A hash is first + 2^8·second + 2^16·rest; there are five, before and after each byte.
    first: columns(5, 'lowest byte of a hash'),
    second: columns(5, 'second byte of a hash'),
    rest: columns(5, 'upper half of a hash'),
    both: columns(4, 'lowest byte of a hash AND the byte that it takes in'),
    overflowLow: columns(4, 'lower limb of the upper word of a product'),
    overflowHigh: columns(4, 'upper limb of the upper word of a product'),
  };
  return defineTable({
    name: 'fnv1a',
    columns: { main },
    eval: (builder) => {
      const row = builder.main.current;
      const { active, time, address, previous, gap, bytes, first, second, rest, both } = row;
      const hashes = first.map((low, index) => low.add(second[index]!.multiply(256)).add(rest[index]!.multiply(65536)));
      const word = bytes.reduceRight((sum: Term, byte) => sum.multiply(256).add(byte));
      builder.receive('operation', [operation, hashes[0]!, address, hashes[4]!, time], active);
      const access = { key: address, before: word, after: word, time: time.add(OPERATION_TICK), previous };
      accessMemory(builder, access, gap, active);
      hashes.forEach((hash, index) => {
        builder.send('bytes', [first[index]!, second[index]!], active);
        builder.send('range', [rest[index]!], active);
        if (index === 0) return;
        const [before, byte, and] = [hashes[index - 1]!, bytes[index - 1]!, both[index - 1]!];
        builder.send('and', [first[index - 1]!, byte, and], active);
        const [low, high] = [row.overflowLow[index - 1]!, row.overflowHigh[index - 1]!];
        builder.send('range', [low], active);
        builder.send('range', [high], active);
        // h xor m = h + m - 2·(h AND m); both sides are below 2^57.
        builder.assertEqual(
          `byte ${String(index)} is taken in`,
          before.add(byte).subtract(and.multiply(2)).multiply(PRIME),
          hash.add(low.add(high.multiply(65536)).multiply(WORD)),
        );
      });
      // With another `active` than 0 and 1 all this is zero, and no time has passed since the access before: a lookup fails. That
      // the last limb is zero too follows from the product.
      zeroWhereIdle(builder, active, { time, address, previous, gap, bytes, first, second, rest, both });
      zeroWhereIdle(builder, active, { overflowLow: row.overflowLow });
    },
  });
}

/** The extension. */
export const fnv1a: MachineExtension = defineExtension<FnvRecord>({
  name: 'fnv1a',
  instruction: { mask: 0xfe00_707f, match: 0x0000_000b },
  execute: ({ left, right, time, access }) => {
    const { value, previous } = access(right);
    const record = { time, address: right, word: value, previous, hash: left };
    return { result: bytesOf(value).reduce(absorb, left), record };
  },
  table: fnvTable,
  trace: ({ table, records, counts }) => {
    const writer = new TraceWriter(table, heightFor(records.length));
    records.forEach(({ time, address, word, previous, hash }, row) => {
      const put = (name: string, value: number): void => {
        writer.words(name)[2 * row] = value;
      };
      put('active', 1);
      put('time', time);
      put('address', address);
      put('previous', previous);
      put('gap', counts.limbs(time + OPERATION_TICK - previous - 1));
      let current = hash;
      const putHash = (index: number): void => {
        put(`first[${String(index)}]`, current & 255);
        put(`second[${String(index)}]`, (current >>> 8) & 255);
        put(`rest[${String(index)}]`, current >>> 16);
        counts.bytes[current & 0xffff]!++;
        counts.range[current >>> 16]!++;
      };
      putHash(0);
      bytesOf(word).forEach((byte, index) => {
        const low = current & 255;
        put(`bytes[${String(index)}]`, byte);
        put(`both[${String(index)}]`, low & byte);
        counts.and[low | (byte << 8)]!++;
        const overflow = Math.floor((((current ^ byte) >>> 0) * PRIME) / WORD);
        put(`overflowLow[${String(index)}]`, counts.limbs(overflow));
        put(`overflowHigh[${String(index)}]`, overflow >>> 16);
        current = absorb(current, byte);
        putHash(index + 1);
      });
    });
    return writer.trace();
  },
});

/** The encoding of `fnv1a rd, rs1, rs2`. */
export function encodeFnv1a(rd: number, rs1: number, rs2: number): number {
  return (0x0b | (rd << 7) | (rs1 << 15) | (rs2 << 20)) >>> 0;
}
