import { BINARY_OPERATORS, SIMPLE_TYPES } from '@commute/rholang';

/** Heads of processes. */
export const PROCESS_HEADS: ReadonlySet<string> = new Set([
  'block',
  'produce',
  'produce-persistent',
  'consume',
  'consume-persistent',
  'let',
  'match',
  'if',
  'bundle',
  'bundle-read',
  'bundle-write',
  'bundle-none',
  'run',
]);

/** Heads of values, but for operators and methods. */
export const VALUE_HEADS: ReadonlySet<string> = new Set([
  'process',
  'List',
  'Tuple',
  'Set',
  'Map',
  'Par',
  'uri',
  'bytes',
  'name',
  'method',
  'not',
  ...BINARY_OPERATORS,
]);

/** Heads that only patterns have. */
export const PATTERN_HEADS: ReadonlySet<string> = new Set(['?', '/\\', '\\/', '~']);

/** Types of patterns. */
export const TYPES: ReadonlySet<string> = new Set(SIMPLE_TYPES);

const OTHERS: ReadonlySet<string> = new Set(['proc', 'where', 'peek', 'fresh', 'system', 'nil', '#t', '#f', '_', '&']);

/** True for words that are no variables and no methods. */
export function isReserved(word: string): boolean {
  return (
    PROCESS_HEADS.has(word) || VALUE_HEADS.has(word) || PATTERN_HEADS.has(word) || TYPES.has(word) || OTHERS.has(word)
  );
}

/** True for words that a variable may be called. */
export function isVariable(word: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_-]*$/.test(word) && !isReserved(word);
}
