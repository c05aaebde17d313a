import {
  booleanTerm,
  callMethod,
  checkedValue,
  EvaluationFailure,
  listTerm,
  mapTerm,
  matchPattern,
  mismatch,
  nameFromSeed,
  negate,
  nilTerm,
  parTerm,
  PlacedFailure,
  setTerm,
  substituteUnder,
  TermDepthError,
  tupleTerm,
  unforgeableTerm,
  usableChannel,
  equalTerms,
  type Action,
  type Bind,
  type Located,
  type MapEntry,
  type Seed,
  type StrictOperator,
  type Term,
} from '@commute/rholang';
import { OPCODE, TRUTH_OPERATORS } from '../bytecode/instruction.ts';
import type { LinkedProcedure, LinkedSite, Locations } from './link.ts';
import { boxed, generally, MAXIMUM_NUMBER, type Value } from './value.ts';

/** What a machine needs of its surroundings. */
export interface MachineHost {
  /** The name that a URI is bound to. */
  readonly nameOf: (uri: string) => Term | undefined;
  /** The places of the run. */
  readonly locations: Locations;
  /** Runs a process that is only known now. */
  readonly run: (process: Term, seed: Seed, actions: Action[]) => void;
}

const NIL = nilTerm();
const TRUE = booleanTerm(true);
const FALSE = booleanTerm(false);
const NO_PATTERNS: Term[] = [];
const NO_PLACES: readonly (Located | undefined)[] = [];

/** Operators of the instructions from `add` on. */
const OPERATORS: readonly StrictOperator[] = [
  '+',
  '-',
  '*',
  '/',
  '%',
  '==',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  '++',
  '--',
  '%%',
];

function valueOf(result: Value | boolean): Value {
  return typeof result === 'boolean' ? (result ? TRUE : FALSE) : result;
}

function truth(value: Value, operator: string): Term {
  if (typeof value !== 'number' && value.kind === 'boolean') return value;
  return mismatch(operator, 'Bool', boxed(value));
}

function isTrue(value: Value): boolean {
  return typeof value !== 'number' && value.kind === 'boolean' && value.value;
}

/** A value times `2^power`. */
function multiplied(value: Value, power: number): Value {
  const product = typeof value === 'number' ? value * 2 ** power : NaN;
  if (product >= -MAXIMUM_NUMBER && product <= MAXIMUM_NUMBER) return product;
  return valueOf(generally('*', value, 2 ** power));
}

/** A value divided by `2^power`, toward zero. */
function divided(value: Value, power: number): Value {
  if (typeof value !== 'number' || power > 30 || value !== (value | 0))
    return valueOf(generally('/', value, 2 ** power));
  return value < 0 ? 0 - (-value >>> power) : value >>> power;
}

/** The remainder of a value divided by `2^power`, with the sign of the value. */
function remainder(value: Value, power: number): Value {
  if (typeof value !== 'number' || power > 30 || value !== (value | 0))
    return valueOf(generally('%', value, 2 ** power));
  const mask = (1 << power) - 1;
  return value < 0 ? 0 - (-value & mask) : value & mask;
}

/** Reads the values of the registers that are listed from `at` on, after their number. */
function listOf(code: Int32Array, at: number, registers: readonly Value[]): Term[] {
  const values: Term[] = [];
  const end = at + 1 + code[at]!;
  for (let place = at + 1; place < end; place += 1) values.push(boxed(registers[code[place]!]!));
  return values;
}

/** The same for an environment, with `Nil` for what nobody reads. */
function environmentOf(code: Int32Array, at: number, registers: readonly Value[]): Term[] {
  const values: Term[] = [];
  const end = at + 1 + code[at]!;
  for (let place = at + 1; place < end; place += 1) {
    const register = code[place]!;
    values.push(register === -1 ? NIL : boxed(registers[register]!));
  }
  return values;
}

/**
 * Runs one activation of a procedure: an actor that got its messages, or a program. It sends messages, makes actors and names, and ends; it never waits.
 *
 * @param environment - closed values of the variables of the procedure.
 * @param actions - is appended what the activation does, in canonical order.
 * @throws PlacedFailure, EvaluationFailure or TermDepthError as the reducer does.
 */
export function execute(
  procedure: LinkedProcedure,
  environment: readonly Term[],
  seed: Seed,
  actions: Action[],
  host: MachineHost,
): void {
  const { code, terms, literals, texts, sites } = procedure;
  const places = procedure.locations === host.locations ? procedure.places : NO_PLACES;
  const registers = new Array<Value>(procedure.registers).fill(NIL);
  const patterns =
    procedure.patternRegisters === 0 ? NO_PATTERNS : new Array<Term>(procedure.patternRegisters).fill(NIL);

  let pc = 0;
  let at = 0;
  /** Where a failure goes on, while a guard runs; 0 elsewhere. */
  let handler = 0;
  for (;;) {
    try {
      for (;;) {
        at = pc;
        const opcode = code[at]!;
        switch (opcode) {
          case OPCODE.rtn:
            return;
          case OPCODE.lit:
            registers[code[at + 1]!] = literals[code[at + 2]!]!;
            pc = at + 3;
            break;
          case OPCODE.arg:
            registers[code[at + 1]!] = environment[environment.length - 1 - code[at + 2]!]!;
            pc = at + 3;
            break;
          case OPCODE.fresh:
            registers[code[at + 1]!] = unforgeableTerm(nameFromSeed(seed + texts[code[at + 2]!]!, code[at + 3]!));
            pc = at + 4;
            break;
          case OPCODE.lookup: {
            const uri = texts[code[at + 2]!]!;
            const name = host.nameOf(uri);
            if (name === undefined) {
              const message = `new: expected a URI that is bound to a process, got \`${uri}\``;
              throw new EvaluationFailure('unknown-uri', message);
            }
            registers[code[at + 1]!] = name;
            pc = at + 3;
            break;
          }
          case OPCODE.not:
            registers[code[at + 1]!] = isTrue(truth(registers[code[at + 2]!]!, 'not')) ? FALSE : TRUE;
            pc = at + 3;
            break;
          case OPCODE.neg: {
            const value = registers[code[at + 2]!]!;
            registers[code[at + 1]!] = typeof value === 'number' ? 0 - value : negate(value);
            pc = at + 3;
            break;
          }
          case OPCODE.truth:
            registers[code[at + 1]!] = truth(registers[code[at + 2]!]!, TRUTH_OPERATORS[code[at + 3]!] ?? '');
            pc = at + 4;
            break;
          case OPCODE.and:
            registers[code[at + 1]!] =
              isTrue(registers[code[at + 2]!]!) && isTrue(registers[code[at + 3]!]!) ? TRUE : FALSE;
            pc = at + 4;
            break;
          case OPCODE.or:
            registers[code[at + 1]!] =
              isTrue(registers[code[at + 2]!]!) || isTrue(registers[code[at + 3]!]!) ? TRUE : FALSE;
            pc = at + 4;
            break;
          case OPCODE.add: {
            const left = registers[code[at + 2]!]!;
            const right = registers[code[at + 3]!]!;
            const sum = typeof left === 'number' && typeof right === 'number' ? left + right : NaN;
            registers[code[at + 1]!] =
              sum >= -MAXIMUM_NUMBER && sum <= MAXIMUM_NUMBER ? sum : valueOf(generally('+', left, right));
            pc = at + 4;
            break;
          }
          case OPCODE.sub: {
            const left = registers[code[at + 2]!]!;
            const right = registers[code[at + 3]!]!;
            const difference = typeof left === 'number' && typeof right === 'number' ? left - right : NaN;
            registers[code[at + 1]!] =
              difference >= -MAXIMUM_NUMBER && difference <= MAXIMUM_NUMBER
                ? difference
                : valueOf(generally('-', left, right));
            pc = at + 4;
            break;
          }
          case OPCODE.mul: {
            const left = registers[code[at + 2]!]!;
            const right = registers[code[at + 3]!]!;
            const product = typeof left === 'number' && typeof right === 'number' ? left * right : NaN;
            registers[code[at + 1]!] =
              product >= -MAXIMUM_NUMBER && product <= MAXIMUM_NUMBER
                ? product + 0
                : valueOf(generally('*', left, right));
            pc = at + 4;
            break;
          }
          case OPCODE.div:
          case OPCODE.rem:
          case OPCODE.eq:
          case OPCODE.ne:
          case OPCODE.lt:
          case OPCODE.le:
          case OPCODE.gt:
          case OPCODE.ge:
          case OPCODE.append:
          case OPCODE.remove:
          case OPCODE.interpolate: {
            const operator = OPERATORS[opcode - OPCODE.add]!;
            registers[code[at + 1]!] = valueOf(
              generally(operator, registers[code[at + 2]!]!, registers[code[at + 3]!]!),
            );
            pc = at + 4;
            break;
          }
          case OPCODE.mulPower:
            registers[code[at + 1]!] = multiplied(registers[code[at + 2]!]!, code[at + 3]!);
            pc = at + 4;
            break;
          case OPCODE.divPower:
            registers[code[at + 1]!] = divided(registers[code[at + 2]!]!, code[at + 3]!);
            pc = at + 4;
            break;
          case OPCODE.remPower:
            registers[code[at + 1]!] = remainder(registers[code[at + 2]!]!, code[at + 3]!);
            pc = at + 4;
            break;
          case OPCODE.apply: {
            const target = boxed(registers[code[at + 3]!]!);
            registers[code[at + 1]!] = checkedValue(
              callMethod(target, texts[code[at + 2]!]!, listOf(code, at + 4, registers)),
            );
            pc = at + 5 + code[at + 4]!;
            break;
          }
          case OPCODE.list:
            registers[code[at + 1]!] = checkedValue(listTerm(listOf(code, at + 2, registers)));
            pc = at + 3 + code[at + 2]!;
            break;
          case OPCODE.tuple:
            registers[code[at + 1]!] = checkedValue(tupleTerm(listOf(code, at + 2, registers)));
            pc = at + 3 + code[at + 2]!;
            break;
          case OPCODE.set:
            registers[code[at + 1]!] = checkedValue(setTerm(listOf(code, at + 2, registers)));
            pc = at + 3 + code[at + 2]!;
            break;
          case OPCODE.map: {
            const flat = listOf(code, at + 2, registers);
            const entries: MapEntry[] = [];
            for (let index = 1; index < flat.length; index += 2) entries.push([flat[index - 1]!, flat[index]!]);
            registers[code[at + 1]!] = checkedValue(mapTerm(entries));
            pc = at + 3 + code[at + 2]!;
            break;
          }
          case OPCODE.par:
            registers[code[at + 1]!] = checkedValue(parTerm(listOf(code, at + 2, registers)));
            pc = at + 3 + code[at + 2]!;
            break;
          case OPCODE.quote: {
            const term = terms[code[at + 2]!]!;
            registers[code[at + 1]!] = checkedValue(substituteUnder(term, environmentOf(code, at + 3, registers), 0));
            pc = at + 4 + code[at + 3]!;
            break;
          }
          case OPCODE.close: {
            const term = terms[code[at + 2]!]!;
            patterns[code[at + 1]!] = substituteUnder(term, environmentOf(code, at + 4, registers), code[at + 3]!);
            pc = at + 5 + code[at + 4]!;
            break;
          }
          case OPCODE.matches: {
            const result = matchPattern(patterns[code[at + 3]!]!, boxed(registers[code[at + 2]!]!));
            if (!result.ok && result.reason === 'budget-exhausted')
              throw new EvaluationFailure('match-budget', 'matches: the budget of the search is used up');
            registers[code[at + 1]!] = result.ok ? TRUE : FALSE;
            pc = at + 4;
            break;
          }
          case OPCODE.readable:
            registers[code[at + 1]!] = usableChannel(boxed(registers[code[at + 2]!]!), 'read');
            pc = at + 3;
            break;
          case OPCODE.writable: {
            const channel = registers[code[at + 2]!]!;
            registers[code[at + 1]!] =
              typeof channel !== 'number' && channel.kind === 'bundle' ? usableChannel(channel, 'write') : channel;
            pc = at + 3;
            break;
          }
          case OPCODE.move:
            registers[code[at + 1]!] = registers[code[at + 2]!]!;
            pc = at + 3;
            break;
          case OPCODE.jmp:
            pc = code[at + 1]!;
            break;
          case OPCODE.jmpFalse:
            pc = isTrue(registers[code[at + 1]!]!) ? at + 3 : code[at + 2]!;
            break;
          case OPCODE.jmpTrue:
            pc = isTrue(registers[code[at + 1]!]!) ? code[at + 2]! : at + 3;
            break;
          case OPCODE.test: {
            const value = registers[code[at + 1]!]!;
            const literal = literals[code[at + 2]!]!;
            const same =
              value === literal ||
              (typeof value === 'number' && typeof literal === 'number'
                ? false
                : equalTerms(boxed(value), terms[code[at + 2]!]!));
            pc = same ? at + 4 : code[at + 3]!;
            break;
          }
          case OPCODE.split: {
            const value = registers[code[at + 1]!]!;
            const count = code[at + 2]!;
            if (typeof value !== 'number' && value.kind === 'list' && value.elements.length === count) {
              for (let index = 0; index < count; index += 1) registers[code[at + 3 + index]!] = value.elements[index]!;
              pc = at + 4 + count;
            } else pc = code[at + 3 + count]!;
            break;
          }
          case OPCODE.case: {
            const term = terms[code[at + 2]!]!;
            const pattern = term.scope === 0 ? term : substituteUnder(term, environmentOf(code, at + 3, registers), 0);
            const result = matchPattern(pattern, boxed(registers[code[at + 1]!]!));
            const list = at + 4 + code[at + 3]!;
            const count = code[list]!;
            if (result.ok) {
              for (let index = 0; index < count; index += 1)
                registers[code[list + 1 + index]!] = result.bindings[index] ?? NIL;
              pc = list + 2 + count;
            } else if (result.reason === 'no-match') pc = code[list + 1 + count]!;
            else throw new EvaluationFailure('match-budget', 'match: the budget of the search is used up');
            break;
          }
          case OPCODE.guard:
            handler = code[at + 1]!;
            pc = at + 2;
            break;
          case OPCODE.accept:
            handler = 0;
            pc = isTrue(registers[code[at + 1]!]!) ? at + 3 : code[at + 2]!;
            break;
          case OPCODE.xmit: {
            const channel = boxed(registers[code[at + 1]!]!);
            const data = listOf(code, at + 4, registers);
            const persistent = code[at + 2] === 1;
            const datum = { data, persistent, seed: seed + texts[code[at + 3]!]!, place: places[at], order: '' };
            actions.push({ kind: 'produce', channel, datum });
            pc = at + 5 + data.length;
            break;
          }
          case OPCODE.consume: {
            const site = sites[code[at + 1]!]!;
            const channels = at + 2;
            const values = channels + 1 + code[channels]!;
            const bindings = bindsOf(site, (index) => boxed(registers[code[channels + 1 + index]!]!), patterns);
            const last = site.closes.at(-1);
            const consume = {
              binds: bindings,
              variables: site.variables,
              guard: site.guarded && last !== undefined ? patterns[last] : undefined,
              persistent: site.persistent,
              continuation: {
                kind: 'process' as const,
                body: site.body,
                environment: environmentOf(code, values, registers),
              },
              seed: seed + site.path,
              place: places[at],
              order: '',
            };
            actions.push({ kind: 'consume', consume });
            pc = values + 1 + code[values]!;
            break;
          }
          default: {
            const process = registers[code[at + 1]!]!;
            if (typeof process !== 'number') host.run(process, seed + texts[code[at + 2]!]!, actions);
            pc = at + 3;
          }
        }
      }
    } catch (error) {
      const fails = error instanceof EvaluationFailure;
      if (handler > 0 && (fails || error instanceof TermDepthError)) {
        pc = handler;
        handler = 0;
        continue;
      }
      throw fails ? new PlacedFailure(error, places[at]) : error;
    }
  }
}

function bindsOf(site: LinkedSite, channelAt: (index: number) => Term, patterns: readonly Term[]): Bind[] {
  let close = 0;
  return site.binds.map(({ closed, patterns: fixed, remainder, variables, peek }, index): Bind => {
    const all =
      closed ??
      fixed.map((pattern) => {
        if (pattern !== undefined) return pattern;
        close += 1;
        return patterns[site.closes[close - 1]!]!;
      });
    return { channel: channelAt(index), patterns: all, remainder, variables, peek };
  });
}
