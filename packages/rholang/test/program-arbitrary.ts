import fc from 'fast-check';
import type {
  BindNode,
  LetDeclarationNode,
  NameNode,
  ProcessNode,
  ReceiptNode,
  SimpleType,
  SourceNode,
  VariableNode,
  WildcardNode,
} from '../src/index.ts';

const at = { start: 0, end: 0 };
const identifier = fc.constantFrom('x', 'y', 'z', 'ack', "r'", '_a', 'bundle1', 'agent', 'news');
const text = fc.string({
  maxLength: 6,
  unit: fc.constantFrom('a', 'é', '"', '\\', '\n', '\t', '\r', '\0', '`', '1', '😀'),
});
const uri = fc.constantFrom('rho:io:stdout', 'a`b', 'c\\d');
const int64 = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -9n, max: 9n }));

const remainder: fc.Arbitrary<VariableNode | WildcardNode | undefined> = fc.option(
  fc.oneof(
    identifier.map((name) => ({ kind: 'variable' as const, name, ...at })),
    fc.constant({ kind: 'wildcard' as const, ...at }),
  ),
  { nil: undefined, freq: 2 },
);

const operators = [
  'or',
  '||',
  'and',
  '&&',
  'matches',
  '==',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  '+',
  '-',
  '++',
  '--',
  '*',
  '/',
  '%',
  '%%',
] as const;

interface Trees {
  process: ProcessNode;
  name: NameNode;
  source: SourceNode;
  bind: BindNode;
  receipt: ReceiptNode;
  declaration: LetDeclarationNode;
}

const { process } = fc.letrec<Trees>((tie: fc.LetrecTypedTie<Trees>): fc.LetrecValue<Trees> => {
  const processes = fc.array(tie('process'), { maxLength: 3 });
  const names = fc.array(tie('name'), { maxLength: 3 });
  const leaf = fc.oneof(
    fc.constant<ProcessNode>({ kind: 'nil', ...at }),
    identifier.map<ProcessNode>((name) => ({ kind: 'variable', name, ...at })),
    fc.constant<ProcessNode>({ kind: 'wildcard', ...at }),
    fc.boolean().map<ProcessNode>((value) => ({ kind: 'boolean', value, ...at })),
    int64.map<ProcessNode>((value) => ({ kind: 'integer', value, ...at })),
    fc
      .bigInt({ min: -(2n ** 70n), max: 2n ** 70n })
      .map<ProcessNode>((value) => ({ kind: 'big-integer', value, ...at })),
    text.map<ProcessNode>((value) => ({ kind: 'string', value, ...at })),
    uri.map<ProcessNode>((value) => ({ kind: 'uri', value, ...at })),
    fc
      .constantFrom<SimpleType>('Bool', 'Int', 'BigInt', 'String', 'Uri', 'ByteArray')
      .map<ProcessNode>((type) => ({ kind: 'type', type, ...at })),
    fc
      .tuple(fc.constantFrom('process' as const, 'name' as const), identifier)
      .map<ProcessNode>(([of, name]) => ({ kind: 'variable-reference', of, name, ...at })),
  );
  const pair = fc.tuple(tie('process'), tie('process'));
  const receipts = fc.array(tie('receipt'), { minLength: 1, maxLength: 2 });
  const inner = fc.oneof(
    fc
      .array(tie('process'), { minLength: 2, maxLength: 3 })
      .map<ProcessNode>((parts) => ({ kind: 'par', parts, ...at })),
    fc
      .tuple(tie('name'), fc.boolean(), processes)
      .map<ProcessNode>(([channel, persistent, data]) => ({ kind: 'send', channel, persistent, data, ...at })),
    fc
      .tuple(tie('name'), processes, fc.option(tie('process'), { nil: undefined }))
      .map<ProcessNode>(([channel, data, continuation]) => ({
        kind: 'synchronous-send',
        channel,
        data,
        continuation,
        ...at,
      })),
    fc
      .tuple(receipts, tie('process'))
      .map<ProcessNode>(([list, body]) => ({ kind: 'receive', receipts: list, body, ...at })),
    fc.tuple(tie('name'), names, remainder, tie('process')).map<ProcessNode>(([name, formals, rest, body]) => ({
      kind: 'contract',
      name,
      formals,
      remainder: rest,
      body,
      ...at,
    })),
    fc
      .tuple(
        fc.array(fc.tuple(identifier, fc.option(uri, { nil: undefined })), { minLength: 1, maxLength: 3 }),
        tie('process'),
      )
      .map<ProcessNode>(([list, body]) => ({
        kind: 'new',
        declarations: list.map(([name, of]) => ({ kind: 'name-declaration', name, uri: of, ...at })),
        body,
        ...at,
      })),
    fc
      .tuple(fc.constantFrom('read-write' as const, 'read' as const, 'write' as const, 'none' as const), tie('process'))
      .map<ProcessNode>(([mode, body]) => ({ kind: 'bundle', mode, body, ...at })),
    fc
      .tuple(
        tie('process'),
        fc.array(fc.tuple(tie('process'), fc.option(tie('process'), { nil: undefined }), tie('process')), {
          minLength: 1,
          maxLength: 3,
        }),
      )
      .map<ProcessNode>(([target, list]) => ({
        kind: 'match',
        target,
        cases: list.map(([pattern, guard, body]) => ({ kind: 'case', pattern, guard, body, ...at })),
        ...at,
      })),
    fc.array(fc.tuple(receipts, tie('process')), { minLength: 1, maxLength: 2 }).map<ProcessNode>((list) => ({
      kind: 'select',
      branches: list.map(([branch, body]) => ({
        kind: 'branch',
        receipts: branch.map((receipt) => ({
          ...receipt,
          binds: receipt.binds.map((bind) => (bind.mode === 'repeated' ? { ...bind, mode: 'linear' as const } : bind)),
        })),
        body,
        ...at,
      })),
      ...at,
    })),
    fc
      .tuple(tie('process'), tie('process'), fc.option(tie('process'), { nil: undefined }))
      .map<ProcessNode>(([condition, then, otherwise]) => ({ kind: 'if', condition, then, otherwise, ...at })),
    fc
      .tuple(fc.array(tie('declaration'), { minLength: 1, maxLength: 3 }), fc.boolean(), tie('process'))
      .map<ProcessNode>(([declarations, concurrent, body]) => ({
        kind: 'let',
        mode: concurrent && declarations.length > 1 ? 'concurrent' : 'sequential',
        declarations,
        body,
        ...at,
      })),
    tie('name').map<ProcessNode>((name) => ({ kind: 'evaluation', name, ...at })),
    fc
      .tuple(processes, remainder)
      .map<ProcessNode>(([elements, rest]) => ({ kind: 'list', elements, remainder: rest, ...at })),
    processes.map<ProcessNode>((elements) => ({ kind: 'tuple', elements, ...at })),
    fc
      .tuple(processes, remainder)
      .map<ProcessNode>(([elements, rest]) => ({ kind: 'set', elements, remainder: rest, ...at })),
    fc.tuple(fc.array(pair, { maxLength: 2 }), remainder).map<ProcessNode>(([list, rest]) => ({
      kind: 'map',
      entries: list.map(([key, value]) => ({ kind: 'map-entry', key, value, ...at })),
      remainder: rest,
      ...at,
    })),
    fc
      .tuple(fc.constantFrom('not' as const, '-' as const), tie('process'))
      .map<ProcessNode>(([operator, operand]) => ({ kind: 'unary', operator, operand, ...at })),
    fc
      .tuple(fc.constantFrom(...operators), pair)
      .map<ProcessNode>(([operator, [left, right]]) => ({ kind: 'binary', operator, left, right, ...at })),
    fc
      .tuple(tie('process'), identifier, processes)
      .map<ProcessNode>(([target, method, list]) => ({ kind: 'method', target, method, arguments: list, ...at })),
    pair.map<ProcessNode>(([left, right]) => ({ kind: 'conjunction', left, right, ...at })),
    pair.map<ProcessNode>(([left, right]) => ({ kind: 'disjunction', left, right, ...at })),
    tie('process').map<ProcessNode>((operand) => ({ kind: 'negation', operand, ...at })),
  );
  return {
    process: fc.oneof(
      { maxDepth: 5, depthSize: 'small' },
      { weight: 2, arbitrary: leaf },
      { weight: 3, arbitrary: inner },
    ),
    name: fc.oneof(
      { maxDepth: 5, depthSize: 'small' },
      identifier.map<NameNode>((name) => ({ kind: 'name-variable', name, ...at })),
      fc.constant<NameNode>({ kind: 'name-wildcard', ...at }),
      tie('process').map<NameNode>((quoted) => ({ kind: 'quote', process: quoted, ...at })),
    ),
    source: fc.oneof(
      tie('name').map<SourceNode>((name) => ({ kind: 'name-source', name, ...at })),
      tie('name').map<SourceNode>((name) => ({ kind: 'receive-send-source', name, ...at })),
      fc
        .tuple(tie('name'), processes)
        .map<SourceNode>(([name, data]) => ({ kind: 'send-receive-source', name, data, ...at })),
    ),
    bind: fc
      .tuple(names, remainder, fc.constantFrom('linear' as const, 'peek' as const), tie('source'))
      .map<BindNode>(([list, rest, mode, source]) => ({
        kind: 'bind',
        names: list,
        remainder: rest,
        mode,
        source: mode === 'linear' ? source : { kind: 'name-source', name: source.name, ...at },
        ...at,
      })),
    receipt: fc
      .tuple(
        fc.array(tie('bind'), { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        fc.option(tie('process'), { nil: undefined }),
      )
      .map<ReceiptNode>(([binds, repeated, guard]) => ({
        kind: 'receipt',
        binds: repeated
          ? binds.map((bind) => ({
              ...bind,
              mode: 'repeated' as const,
              source: { kind: 'name-source', name: bind.source.name, ...at },
            }))
          : binds,
        guard,
        ...at,
      })),
    declaration: fc
      .tuple(names, remainder, fc.array(tie('process'), { minLength: 1, maxLength: 2 }))
      .map<LetDeclarationNode>(([list, rest, values]) => ({
        kind: 'let-declaration',
        names: list,
        remainder: rest,
        values,
        ...at,
      })),
  };
});

/** Any syntax tree that some source parses to. Not all are closed or well formed beyond the grammar. */
export const anyProgram: fc.Arbitrary<ProcessNode> = process;

/** The tree with all locations set to zero, for comparison. */
export function withoutLocations(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withoutLocations);
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, key === 'start' || key === 'end' ? 0 : withoutLocations(value)]),
  );
}
