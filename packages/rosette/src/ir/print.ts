import { printTerm, printUri, type Term } from '@commute/rholang';
import type { ConsumeBind, Expression, IntermediateProgram, Procedure, Statement, ValueId } from './ir.ts';
import { UNUSED } from './ir.ts';

function valueText(value: ValueId): string {
  return value === UNUSED ? '_' : `v${String(value)}`;
}

function list(values: readonly ValueId[]): string {
  return values.map(valueText).join(' ');
}

/** A path from a seed: where in its process a part stands, `.` for the process itself. */
export function pathText(path: string): string {
  return `.${Array.from(path, (character) => String(character.charCodeAt(0))).join('.')}`;
}

/** Shows what a term is, on one line and not too long; variables of open terms as `$0`, the one bound last, and so on. */
export function termText(term: Term): string {
  const text = printTerm(term).replace(/\bfree(\d+)\b/g, '$$$1');
  return text.length > 100 ? `${text.slice(0, 99)}…` : text;
}

function environmentText(environment: readonly ValueId[]): string {
  return environment.length === 0 ? '' : ` where [${list(environment)}]`;
}

function bindText(bind: ConsumeBind): string {
  const patterns = bind.patterns.map((pattern) =>
    typeof pattern === 'number' ? valueText(pattern) : termText(pattern),
  );
  const rest = bind.remainder === undefined ? '' : ` & ${bind.remainder.kind === 'free' ? 'rest' : '_'}`;
  return `${bind.peek ? 'peek ' : ''}${valueText(bind.channel)} (${patterns.join(', ')}${rest})`;
}

function expressionText(expression: Expression): string {
  switch (expression.kind) {
    case 'constant':
      return `constant ${termText(expression.term)}`;
    case 'argument':
      return `argument ${String(expression.index)}`;
    case 'fresh':
      return `fresh ${pathText(expression.path)} ${String(expression.index)}`;
    case 'system':
      return `system ${printUri(expression.uri)}`;
    case 'unary':
      return `${expression.operator === '-' ? 'negate' : 'not'} ${valueText(expression.operand)}`;
    case 'truth':
      return `truth ${valueText(expression.operand)} of ${expression.operator}`;
    case 'logic':
    case 'binary':
      return `${valueText(expression.left)} ${expression.operator} ${valueText(expression.right)}`;
    case 'lazy':
      return `${valueText(expression.left)} ${expression.operator} {`;
    case 'scale':
      return `${valueText(expression.operand)} ${expression.operator} 2^${String(expression.power)}`;
    case 'method':
      return `${valueText(expression.target)}.${expression.method}(${list(expression.arguments)})`;
    case 'collection':
      return `${expression.shape} ${list(expression.elements)}`.trimEnd();
    case 'quote':
      return `quote ${termText(expression.term)}${environmentText(expression.environment)}`;
    case 'close':
      return `close ${termText(expression.term)}${environmentText(expression.environment)}`;
    case 'matches':
      return `${valueText(expression.value)} matches ${valueText(expression.pattern)}`;
    case 'usable':
      return `${expression.right === 'read' ? 'readable' : 'writable'} ${valueText(expression.channel)}`;
  }
}

function statementLines(statements: readonly Statement[], indent: string): string[] {
  const lines: string[] = [];
  const inner = `${indent}  `;
  for (const statement of statements) {
    switch (statement.op) {
      case 'define': {
        const { expression, value } = statement;
        lines.push(`${indent}${valueText(value)} = ${expressionText(expression)}`);
        if (expression.kind === 'lazy')
          lines.push(
            ...statementLines(expression.right, inner),
            `${inner}${valueText(expression.result)}`,
            `${indent}}`,
          );
        break;
      }
      case 'produce': {
        const head = statement.persistent ? 'produce-persistent' : 'produce';
        const data = list(statement.data);
        lines.push(`${indent}${head} ${valueText(statement.channel)} (${data}) at ${pathText(statement.path)}`);
        break;
      }
      case 'consume': {
        const head = statement.persistent ? 'consume-persistent' : 'consume';
        const binds = statement.binds.map(bindText).join(' & ');
        const guard = statement.guard === undefined ? '' : ` guard ${valueText(statement.guard)}`;
        const target = `procedure ${String(statement.procedure)}${environmentText(statement.environment)}`;
        lines.push(`${indent}${head} ${binds}${guard} then ${target} at ${pathText(statement.path)}`);
        break;
      }
      case 'match':
        lines.push(`${indent}match ${valueText(statement.target)}`);
        for (const one of statement.cases) {
          const bound = one.bindings.length === 0 ? '' : ` as [${list(one.bindings)}]`;
          lines.push(`${indent}case ${termText(one.pattern)}${environmentText(one.environment)}${bound}`);
          if (one.guard !== undefined)
            lines.push(...statementLines(one.guard.statements, inner), `${inner}if ${valueText(one.guard.result)}`);
          lines.push(...statementLines(one.body, inner));
        }
        lines.push(`${indent}end`);
        break;
      case 'run':
        lines.push(`${indent}run ${valueText(statement.process)} at ${pathText(statement.path)}`);
        break;
    }
  }
  return lines;
}

function procedureLines(procedure: Procedure, number: number): string[] {
  const lines = [`procedure ${String(number)}, ${String(procedure.parameters)} variables`];
  const { integers, inductions } = procedure.knowledge;
  if (integers.length > 0)
    lines.push(`  ; integers: ${integers.map((index) => `argument ${String(index)}`).join(', ')}`);
  for (const { argument, steps, derived } of inductions) {
    const functions = derived.map(
      ({ value, factor, offset }) => `${valueText(value)} = ${String(factor)} * it + ${String(offset)}`,
    );
    const of = functions.length === 0 ? '' : `; ${functions.join(', ')}`;
    lines.push(`  ; induction: argument ${String(argument)} changes by ${steps.map(String).join(' or ')}${of}`);
  }
  lines.push(...statementLines(procedure.statements, '  '));
  return lines;
}

/** Lists a program so that a person can read it. Text of terms is for reading only and shortened. */
export function printIntermediate(program: IntermediateProgram): string {
  return `${program.procedures.flatMap((procedure, number) => procedureLines(procedure, number)).join('\n')}\n`;
}
