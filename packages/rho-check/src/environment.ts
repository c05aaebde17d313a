import {
  booleanTerm,
  evaluateTerm,
  listTerm,
  normalize,
  parse,
  sendTerm,
  tupleTerm,
  unforgeableTerm,
  type ProcessNode,
  type Term,
} from '@commute/rholang';
import { ENVIRONMENT_NAME } from './machine.ts';
import { propertyDiagnostic, PropertyError } from './property/syntax.ts';
import type { CheckDiagnostic } from './report.ts';

/** The messages of the environment, or what is wrong with them. */
export type EnvironmentResult =
  | { readonly ok: true; readonly messages: readonly Term[] }
  | { readonly ok: false; readonly diagnostics: readonly CheckDiagnostic[] };

/** Most different messages. */
const MAXIMUM_MESSAGES = 1000;
const at = { start: 0, end: 0 };

class Expander {
  #values = 0;

  /** The values that a pattern stands for. */
  expand(pattern: Term): readonly Term[] {
    if (!pattern.isPattern) {
      const result = evaluateTerm(pattern);
      if (result.ok) return [result.value];
      throw new PropertyError(result.message, at);
    }
    switch (pattern.kind) {
      case 'wildcard':
      case 'free':
        this.#values += 1;
        return [unforgeableTerm(`${ENVIRONMENT_NAME}${String(this.#values)}`)];
      case 'type':
        if (pattern.type === 'Bool') return [booleanTerm(false), booleanTerm(true)];
        break;
      case 'connective':
        if (pattern.connective === 'or') return pattern.operands.flatMap((one) => this.expand(one));
        break;
      case 'list':
        if (pattern.remainder === undefined) return this.all(pattern.elements).map((one) => listTerm(one));
        break;
      case 'tuple':
        return this.all(pattern.elements).map((one) => tupleTerm(one));
      default:
        break;
    }
    throw new PropertyError('environment: expected values, `_`, `Bool` and `\\/`, got another pattern', at);
  }

  /** Each way to choose a value for each of several patterns. */
  all(patterns: readonly Term[]): readonly (readonly Term[])[] {
    let rows: readonly (readonly Term[])[] = [[]];
    for (const pattern of patterns) {
      const values = this.expand(pattern);
      if (rows.length * values.length > MAXIMUM_MESSAGES)
        throw new PropertyError(`environment: expected at most ${String(MAXIMUM_MESSAGES)} messages, got more`, at);
      rows = rows.flatMap((row) => values.map((value) => [...row, value]));
    }
    return rows;
  }
}

/** Reads one pattern of the environment. */
function read(text: string, expander: Expander): Term[] {
  const tree = parse(text, { maximumErrors: 1 });
  if (!tree.ok) {
    const [first] = tree.diagnostics;
    throw new PropertyError(first!.message, first!, first!.expected, first!.hint);
  }
  const parts = tree.process.kind === 'par' ? tree.process.parts : [tree.process];
  return parts.flatMap((part) => {
    const fail = (): never => {
      throw new PropertyError('environment: expected sends, such as `@"in"!(1)`', part);
    };
    const process: ProcessNode = {
      kind: 'match',
      target: { kind: 'nil', ...at },
      cases: [{ kind: 'case', pattern: part, guard: undefined, body: { kind: 'nil', ...at }, ...at }],
      ...at,
    };
    const normal = normalize(process, { maximumErrors: 1 });
    if (!normal.ok) {
      const [first] = normal.diagnostics;
      throw new PropertyError(first!.message, first!, [], first!.hint);
    }
    const pattern = normal.term.kind === 'match' ? normal.term.cases[0]!.pattern : fail();
    if (pattern.kind !== 'send' || pattern.persistent || pattern.channel.isPattern) return fail();
    const { channel, data } = pattern;
    return expander.all(data).map((values) => sendTerm(channel, values));
  });
}

/** Reads the messages that may arrive from outside. */
export function readEnvironment(texts: readonly string[]): EnvironmentResult {
  const expander = new Expander();
  const messages: Term[] = [];
  const diagnostics: CheckDiagnostic[] = [];
  texts.forEach((text, index) => {
    try {
      messages.push(...read(text, expander));
    } catch (error) {
      if (!(error instanceof PropertyError)) throw error;
      diagnostics.push(propertyDiagnostic(error, text, `<environment ${String(index + 1)}>`));
    }
  });
  return diagnostics.length > 0 ? { ok: false, diagnostics } : { ok: true, messages };
}
