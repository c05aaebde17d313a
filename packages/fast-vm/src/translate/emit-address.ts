import { i32, i64, type Expression, type Local, type ModuleBuilder } from '@commute/wasm';
import { DEVICE_BASE, DEVICE_BYTES, HIGH_RAM_BASE, HIGH_RAM_END, LOW_RAM_END } from '../layout.ts';
import type { Frame, Resolve } from './frame.ts';
import { READ_TABLE, WINDOW, WRITE_TABLE } from './space.ts';

const STACK_POINTER = 2;
const TABLE_MASK = 0x3f_fffc;

/** `value` turned so that an aligned one is below `limit / 2^log2Length`, and no other is. */
function isAlignedBelow(value: Expression<'i64'>, log2Length: number, limit: number): Expression<'i32'> {
  const turned = log2Length === 0 ? value : i64.rotr(value, BigInt(log2Length));
  return i64.lt_u(turned, BigInt(limit / 2 ** log2Length));
}

/**
 * Writes the computation of where an access to RAM goes: an offset from {@link WINDOW} on, in `frame.word1`. Leaves the function where
 * the access is not to RAM that is ready. The address itself is in `frame.long1` afterwards.
 *
 * @param isAligned - whether the access has to be aligned.
 */
export function emitAddress(
  frame: Frame,
  register: number,
  immediate: number,
  log2Length: number,
  isStore: boolean,
  isAligned = false,
): Local<'i32'> {
  const { f, long1: address, word1: offset, user, windows } = frame;
  const base = frame.read(register);
  f.set(address, immediate === 0 ? base : i64.add(base, BigInt(immediate)));
  f.set(offset, i32.and(i32.wrap_i64(address), windows.size - 1));
  const isLow = (): Expression<'i32'> => {
    const inWindow = isAlignedBelow(address, log2Length, windows.lowEnd);
    if (user) return inWindow;
    const besideDevice = i32.ge_u(i32.sub(i32.wrap_i64(address), DEVICE_BASE), DEVICE_BYTES);
    return i32.and(inWindow, besideDevice);
  };
  const isStack = (): Expression<'i32'> =>
    isAlignedBelow(i64.sub(address, BigInt(windows.stack)), log2Length, LOW_RAM_END - windows.stack);
  const [first, second] = register === STACK_POINTER ? [isStack, isLow] : [isLow, isStack];
  f.if(i32.eqz(first()), () => {
    f.if(i32.eqz(second()), () => {
      f.set(offset, frame.resolve(address, 2 ** log2Length, isAligned));
      if (isStore) return;
      f.if(i32.lt_s(offset, 0), () => {
        frame.stop();
      });
    });
  });
  if (isStore) {
    // A page that has not been written since the last snapshot, or is watched, is left to the interpreter.
    const entry = i32.and(i32.shr_u(i32.wrap_i64(address), 10), TABLE_MASK);
    f.if(i32.or(i32.lt_s(offset, 0), i32.eqz(i32.load(entry, WRITE_TABLE))), () => {
      frame.stop();
    });
  }
  return offset;
}

/** Adds the function that looks an address up in the table of frames; it refuses one that has a bit of `odd`. */
export function emitResolve(module: ModuleBuilder, user: boolean): Resolve {
  return module.function('resolve', ['i64', 'i32', 'i32'], ['i32'], (f, address, length, odd) => {
    const refuse = (condition: Expression<'i32'>): void => {
      f.if(condition, () => {
        f.return(-1);
      });
    };
    refuse(i64.ne(i64.shr_u(address, 32n), 0n));
    const low = f.let(i32.wrap_i64(address));
    refuse(i32.and(low, odd));
    const inPage = f.let(i32.and(low, 4095));
    refuse(i32.gt_u(i32.add(inPage, length), 4096));
    const isRam = i32.or(
      i32.lt_u(low, LOW_RAM_END),
      i32.lt_u(i32.sub(low, HIGH_RAM_BASE), HIGH_RAM_END - HIGH_RAM_BASE),
    );
    refuse(i32.eqz(isRam));
    if (!user) {
      // Overlaps the device if it begins less than its length before the end, counted from `length - 1` before the device.
      const fromDevice = i32.sub(i32.add(low, i32.sub(length, 1)), DEVICE_BASE);
      refuse(i32.lt_u(fromDevice, i32.add(i32.sub(length, 1), DEVICE_BYTES)));
    }
    const frame = f.let(i32.load(i32.and(i32.shr_u(low, 10), TABLE_MASK), READ_TABLE));
    refuse(i32.eqz(frame));
    return i32.sub(i32.add(frame, inPage), WINDOW);
  });
}
