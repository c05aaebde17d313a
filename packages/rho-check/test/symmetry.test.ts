import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AtomTable, type AtomId } from '../src/atoms.ts';
import { canonicalState } from '../src/canonical.ts';
import { stateKey } from '../src/graph.ts';
import { Machine, Steps } from '../src/machine.ts';
import { FreshNames, Origins, type Leaf } from '../src/names.ts';
import { loadProgram } from '../src/program.ts';
import { NO_BLOCK, NO_DEPLOY, processesByUri } from '../src/setup.ts';
import { Successors, type Transition } from '../src/successors.ts';
import { callProgram, smallProgram } from './program-arbitrary.ts';

/** Clients of a server, each with a name of its own for the answer, some with two that know each other. */
const clientsProgram: fc.Arbitrary<string> = fc
  .record({ single: fc.integer({ min: 0, max: 3 }), pairs: fc.integer({ min: 0, max: 2 }), shared: fc.boolean() })
  .map(({ single, pairs, shared }) => {
    const one = 'new r in { server!(1, *r) | for (@n <- r) { @"sum"!(n) } }';
    const two = 'new r in { new q in { server!(1, *r) | for (@n <- r) { q!(n, *r) } | for (@n, k <- q) { k!(n) } } }';
    const clients = [...new Array<string>(single).fill('one!()'), ...new Array<string>(pairs).fill('two!()')];
    const server = shared ? 'contract server(@n, r) = { @"log"!(*r) | r!(n) }' : 'contract server(@n, r) = { r!(n) }';
    return `new server, one, two in { ${[server, `contract one() = { ${one} }`, `contract two() = { ${two} }`, ...clients].join(' | ')} }`;
  });

/** Four clients whose names cannot be told apart while they wait. */
const CLIENTS = `new server, one in { contract server(@n, r) = { r!(n) } |
  contract one() = { new r in { server!(1, *r) | for (@n <- r) { @"sum"!(n) } } } | one!() | one!() | one!() | one!() }`;

const anyProgram = fc.oneof(smallProgram, callProgram, clientsProgram);

interface Explored {
  readonly table: AtomTable;
  readonly successors: Successors;
  readonly states: readonly (readonly AtomId[])[];
}

/** Some states of a program, the nearest ones first. */
function statesOf(source: string, most: number): Explored {
  const loaded = loadProgram(source);
  if (!loaded.ok) throw new Error(`not a program: ${source}`);
  const { program } = loaded;
  const origins = new Origins();
  origins.add(program.term, program.labelsOf);
  const processes = processesByUri(undefined);
  const table = new AtomTable(new FreshNames(origins), processes.keys());
  const surroundings = { processes, block: NO_BLOCK, deploy: NO_DEPLOY };
  const steps = new Steps(surroundings, table.names, origins, undefined, origins.copied);
  const machine = new Machine(table, steps, origins, () => undefined);
  const options = { knowledge: true, publications: false, events: false, environment: [] };
  const successors = new Successors(machine, options, () => undefined);
  const states = [successors.initial(machine.start(program.term)).atoms];
  const seen = new Set(states.map(stateKey));
  for (const state of states) {
    for (const { atoms } of successors.of(state)) {
      if (seen.has(stateKey(atoms)) || states.length >= most) continue;
      seen.add(stateKey(atoms));
      states.push(atoms);
    }
  }
  return { table, successors, states };
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, index) =>
    permutations(items.filter((_, other) => other !== index)).map((rest) => [item, ...rest]),
  );
}

/** Every way to exchange the names of a state for names of the same origins that are not in it; nothing if there are too many. */
function renamings(state: readonly AtomId[], table: AtomTable): ((leaf: Leaf) => Leaf)[] {
  const { names } = table;
  const byOrigin = new Map<number, Leaf[]>();
  for (const leaf of new Set(state.flatMap((id) => table.get(id).leaves))) {
    const origin = names.origin(leaf);
    byOrigin.set(origin, [...(byOrigin.get(origin) ?? []), leaf]);
  }
  let maps: (readonly (readonly [Leaf, Leaf])[])[] = [[]];
  for (const [origin, leaves] of byOrigin) {
    if (leaves.length > 4 || maps.length > 24) return [];
    const others = leaves.map((_, index) => names.canonical(origin, 20 + index));
    maps = maps.flatMap((map) =>
      permutations(others).map((order) => [...map, ...leaves.map((leaf, index) => [leaf, order[index]!] as const)]),
    );
  }
  return maps.map((map) => {
    const to = new Map(map);
    return (leaf) => to.get(leaf)!;
  });
}

/** The least key of a state under all renamings. */
function slowKey(state: readonly AtomId[], table: AtomTable): string | undefined {
  const keys = renamings(state, table).map((to) =>
    stateKey(state.map((id) => table.rename(id, to)).sort((left, right) => left - right)),
  );
  return keys.length === 0 ? undefined : keys.reduce((least, key) => (key < least ? key : least));
}

describe('states and reductions that differ in names only', () => {
  it('states have the same form if and only if some renaming makes them the same', () => {
    let several = 0;
    fc.assert(
      fc.property(anyProgram, (source) => {
        const { table, states } = statesOf(source, 40);
        const forms = new Map<string, string>();
        for (const state of states) {
          const key = stateKey(state);
          const slow = slowKey(state, table);
          if (slow === undefined) continue;
          // No two forms are one state.
          expect(forms.get(slow) ?? key).toBe(key);
          forms.set(slow, key);
          const all = renamings(state, table);
          if (all.length > 1) several += 1;
          for (const to of all) {
            const renamed = state.map((id) => table.rename(id, to)).reverse();
            const form = canonicalState(renamed, table);
            expect(stateKey(form.atoms)).toBe(key);
            const again = renamed.map((id) => table.rename(id, (leaf) => form.renaming.get(leaf) ?? leaf));
            expect(again.sort((left, right) => left - right)).toEqual(form.atoms);
            expect(new Set(form.renaming.values()).size).toBe(form.renaming.size);
          }
        }
      }),
      { numRuns: 60, examples: [[CLIENTS]] },
    );
    expect(several).toBeGreaterThan(10);
  });

  it('the reductions that are tried lead wherever all of them lead', () => {
    let fewer = 0;
    fc.assert(
      fc.property(anyProgram, (source) => {
        const { successors, states } = statesOf(source, 60);
        for (const state of states) {
          const ends = (transitions: readonly Transition[]): ReadonlySet<string> =>
            new Set(transitions.map(({ atoms, comms }) => `${String(comms)} ${stateKey(atoms)}`));
          const all = successors.of(state, true);
          const some = successors.of(state);
          expect(ends(some)).toEqual(ends(all));
          expect(some.length).toBeLessThanOrEqual(all.length);
          if (some.length < all.length) fewer += 1;
        }
      }),
      { numRuns: 60, examples: [[CLIENTS]] },
    );
    expect(fewer).toBeGreaterThan(10);
  });
});
