import { type WasmEngine } from '@commute/field';
import { type Arithmetization } from '../arithmetize.ts';

/** Remembers what was made of an arithmetization for an engine, for as long as both are in use. */
export function rememberFor<T>(
  make: (engine: WasmEngine, arithmetization: Arithmetization) => T,
): (engine: WasmEngine, arithmetization: Arithmetization) => T {
  const known = new WeakMap<WasmEngine, WeakMap<Arithmetization, T>>();
  return (engine, arithmetization) => {
    let own = known.get(engine);
    if (own === undefined) {
      own = new WeakMap();
      known.set(engine, own);
    }
    let made = own.get(arithmetization);
    if (made === undefined) {
      made = make(engine, arithmetization);
      own.set(arithmetization, made);
    }
    return made;
  };
}
