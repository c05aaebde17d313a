import { MISA } from '../layout.ts';
import { modulo64, type ReferenceState } from './state.ts';

/** What a write to a CSR did that the end of the step must know. */
export interface CounterWrites {
  cycle: boolean;
  instret: boolean;
}

const between = (number: number, from: number, to: number): boolean => number >= from && number <= to;

/** mip: bit 3 is the software interrupt, bit 7 that of the timer. */
export function pending(state: ReferenceState, time: bigint): bigint {
  const software = BigInt(state.short('msip') & 1) << 3n;
  const timer = time >= state.long('mtimecmp') ? 1n << 7n : 0n;
  return software | timer;
}

/** The value of a CSR; undefined where it does not exist. */
export function readCsr(state: ReferenceState, number: number, time: bigint): bigint | undefined {
  if (state.isUser) return between(number, 0xc00, 0xc02) ? time : undefined;
  switch (number) {
    case 0x300:
      return state.long('mstatus');
    case 0x301:
      return MISA;
    case 0x304:
      return state.long('mie');
    case 0x305:
      return state.long('mtvec');
    case 0x320:
      return state.long('mcountinhibit');
    case 0x340:
      return state.long('mscratch');
    case 0x341:
      return state.long('mepc');
    case 0x342:
      return state.long('mcause');
    case 0x343:
      return state.long('mtval');
    case 0x344:
      return pending(state, time);
    case 0xb00:
    case 0xc00:
      return modulo64(time + state.long('cycleOffset'));
    case 0xc01:
      return time;
    case 0xb02:
    case 0xc02:
      return modulo64(time + state.long('instretOffset'));
    default:
      if (between(number, 0x7a0, 0x7a3)) return 0n;
      if (between(number, 0x323, 0x33f) || between(number, 0xb03, 0xb1f)) return 0n;
      if (between(number, 0xc03, 0xc1f) || between(number, 0xf11, 0xf15)) return 0n;
      return undefined;
  }
}

/** Writes a CSR that exists and is not read-only. */
export function writeCsr(
  state: ReferenceState,
  number: number,
  value: bigint,
  time: bigint,
  writes: CounterWrites,
): void {
  switch (number) {
    case 0x300:
      state.setLong('mstatus', (value & 0b1000_1000n) | (3n << 11n));
      break;
    case 0x304:
      state.setLong('mie', value & 0b1000_1000_1000n);
      break;
    case 0x305:
      state.setLong('mtvec', value & ~2n);
      break;
    case 0x320:
      state.setLong('mcountinhibit', value & 0b101n);
      break;
    case 0x340:
      state.setLong('mscratch', value);
      break;
    case 0x341:
      state.setLong('mepc', value & ~1n);
      break;
    case 0x342:
      state.setLong('mcause', value);
      break;
    case 0x343:
      state.setLong('mtval', value);
      break;
    case 0xb00:
      state.setLong('cycleOffset', modulo64(value - (time + 1n)));
      writes.cycle = true;
      break;
    case 0xb02:
      state.setLong('instretOffset', modulo64(value - (time + 1n)));
      writes.instret = true;
      break;
    default:
  }
}
