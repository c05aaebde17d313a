import { describe, expect, test } from 'vitest';
import {
  boundTerm,
  createRuntime,
  freeTerm,
  integerTerm,
  listTerm,
  nilTerm,
  parTerm,
  receiveTerm,
  sendTerm,
  stringTerm,
  tupleTerm,
  wildcardTerm,
  type Term,
} from '@commute/rholang';
import { createMemoryKeyValue, RhoSpace } from '@commute/rho-store';
import {
  checkComposite,
  composeContracts,
  ContractIndex,
  exampleOf,
  interfaceOf,
  parseQuery,
  StoreIndex,
  subsumes,
} from '../src/index.ts';
import { read } from './read.ts';

/** A contract on `name` that takes one message like `pattern` and answers it. */
function contract(name: string, pattern: Term, variables: number, body: Term = nilTerm()): Term {
  const bind = { channel: stringTerm(name), patterns: [pattern], remainder: undefined, variables, peek: false };
  return receiveTerm([bind], body, true);
}

function deepList(levels: number, inside: Term): Term {
  let term = inside;
  for (let level = 0; level < levels; level += 1) term = listTerm([term]);
  return term;
}

describe('hostile input', () => {
  test('patterns as deep as there can be are described, indexed and compared', () => {
    const deep = deepList(508, freeTerm(0));
    const [one] = interfaceOf(contract('deep', deep, 1, sendTerm(boundTerm(0), [integerTerm(1n)]))).contracts;
    const index = new ContractIndex();
    index.add('deep', one!);
    expect(index.query({ message: one!.message }).matches.map(({ verdict }) => verdict)).toEqual(['yes']);
    const inner = listTerm([deepList(508, integerTerm(7n))]);
    expect(subsumes(one!.message, inner).verdict).not.toBe('no');
    expect(subsumes(inner, one!.message).verdict).not.toBe('yes');
    expect(exampleOf(one!.message)).toBeUndefined();
    const [shallow, inside] = [deepList(190, freeTerm(0)), deepList(190, integerTerm(7n))];
    expect([subsumes(shallow, inside).verdict, subsumes(inside, shallow).verdict]).toEqual(['yes', 'no']);
    expect(exampleOf(shallow)?.kind).toBe('list');
    expect(index.query({ message: inner, channel: stringTerm('deep') }).matches).toHaveLength(1);
  });

  test('deep and wide programs are read in time', () => {
    let nested: Term = sendTerm(boundTerm(0), [integerTerm(1n)]);
    for (let level = 0; level < 150; level += 1) nested = contract(`c${String(level)}`, freeTerm(0), 1, nested);
    expect(interfaceOf(nested).contracts).toHaveLength(150);
    const many = parTerm(
      Array.from({ length: 2000 }, (_, index) =>
        contract(`c${String(index)}`, freeTerm(0), 1, sendTerm(boundTerm(0), [integerTerm(BigInt(index))])),
      ),
    );
    expect(interfaceOf(many).contracts).toHaveLength(2000);
    const sends = Array.from({ length: 3000 }, (_, index) => `cell!((${String(index)}, [${String(index)}]))`).join(
      ' | ',
    );
    const { contracts } = interfaceOf(
      read(`new cell in { ${sends} | contract @"get"(r) = { for (@x <- cell) { r!(x) } } }`).term,
    );
    expect(contracts[0]!.replies[0]!.messages).toHaveLength(1);
    const cases = Array.from({ length: 2000 }, (_, index) => `${String(index)} => { r!(x, ${String(index)}) }`).join(
      ' ',
    );
    const matched = interfaceOf(read(`contract @"m"(@x, r) = { match x { ${cases} } }`).term).contracts[0]!;
    expect(matched.replies[0]!.messages.length).toBeLessThan(20);
  });

  test('a query as large as a source may be ends, with a verdict or without', () => {
    const names = Array.from({ length: 5000 }, (_, index) => `x${String(index)}`);
    const wide = parseQuery(`contract _(@[${names.join(', ')}], r)`);
    if (!wide.ok) throw new Error('no query');
    const { term } = read('contract @"a"(@{x /\\ Int}, r) = { r!(x) } | contract @"b"(@[x ...y], r) = { r!(5) }');
    const index = new ContractIndex();
    for (const one of interfaceOf(term).contracts) index.add(one.hash, one);
    expect(index.query(wide.query).matches.map(({ verdict }) => verdict)).toEqual(['yes']);
    expect(parseQuery(`contract _(@${'['.repeat(5000)}`).ok).toBe(false);
  });

  test('a store with contracts of any size is read', () => {
    const space = new RhoSpace(createMemoryKeyValue());
    const runtime = createRuntime({ space });
    const large = listTerm(Array.from({ length: 50_000 }, (_, index) => integerTerm(BigInt(index))));
    const programs = [
      contract('large', large, 0),
      contract('deep', deepList(500, freeTerm(0)), 1),
      contract('any', tupleTerm([freeTerm(0), wildcardTerm()]), 1),
    ];
    programs.forEach((program, index) => {
      expect(runtime.run(program, { seed: new Uint8Array([index]) }).ok).toBe(true);
    });
    space.commit();
    const contracts = new StoreIndex();
    contracts.update(space.history);
    expect(contracts.index.size).toBe(3);
    expect(contracts.index.query({ message: listTerm([large]) }).matches).toHaveLength(1);
  });

  test('parts as deep as there can be are refused or put together, and a check without end ends at its bound', async () => {
    const deep = `@${'['.repeat(200)}x${']'.repeat(200)}`;
    const two = [
      { name: 'a', source: `contract @"f"(${deep}) = { Nil } | contract @"f"(@Int) = { Nil }` },
      { name: 'b', source: `@"f"!(1)` },
    ];
    const composite = composeContracts(two);
    if (!composite.ok) throw new Error('refused');
    expect(composite.connections[0]!.accepted).toBe('yes');
    const loop = [{ name: 'loop', source: 'contract @"loop"(@n) = { @"loop"!(n + 1) } | @"loop"!(0)' }];
    const endless = composeContracts(loop);
    if (!endless.ok) throw new Error('refused');
    const { verdict } = await checkComposite(endless, { bounds: { states: 200 } });
    expect(verdict).toBe('unknown');
  });
});
