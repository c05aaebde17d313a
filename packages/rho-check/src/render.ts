import type { PlaceFields } from '@commute/rholang';
import type { Finding, Trace, TraceProcess, TraceStep } from './report.ts';

function placeText(place: PlaceFields | undefined): string {
  return place === undefined ? '' : `${place.file}:${String(place.line)}:${String(place.column)}`;
}

function processText({ text, place }: TraceProcess): string {
  return place === undefined ? text : `${text}  (${placeText(place)})`;
}

function stepLines({ receive, messages }: TraceStep, number: number): string[] {
  const gutter = String(number).padStart(4);
  const lines = messages.map((message, index) => {
    const from = message.environment === undefined ? '' : ' from outside';
    const stays = message.removed ? '' : ' (stays)';
    return `${index === 0 ? gutter : '    '}  ${processText(message)}${from}${stays}`;
  });
  lines.push(`      -> ${processText(receive)}`);
  return lines;
}

/**
 * A trace for people: the messages and the receive of each step with their places, then what waits at the end.
 *
 * @returns lines of text, with no line feed at the end.
 * @example
 * ```ts
 * import { checkProcess, renderTrace } from '@commute/rho-check';
 * const result = await checkProcess('@"a"!(1) | for (@x <- @"a") { @"b"!(x) }', { properties: ['possibly @"b"!(1)'] });
 * const trace = result.ok ? result.findings.at(-1)?.trace : undefined;
 * if (!renderTrace(trace!).includes('@"a"!(1)  (<source>:1:1)')) throw new Error('unexpected text');
 * ```
 */
export function renderTrace(trace: Trace): string {
  const lines: string[] = [];
  trace.steps.forEach((step, index) => {
    if (index === trace.cycle) lines.push('      from here on again and again:');
    lines.push(...stepLines(step, index + 1));
  });
  if (trace.failure !== undefined) lines.push(`      the run fails: ${trace.failure}`);
  else if (trace.cycle === undefined) {
    lines.push(trace.waiting.length === 0 ? '      nothing waits' : '      what waits:');
    for (const process of trace.waiting) lines.push(`        ${processText(process)}`);
  }
  return lines.join('\n');
}

/**
 * A finding for people: the verdict, what it is about, and the trace.
 *
 * @example
 * ```ts
 * import { checkProcess, renderFinding } from '@commute/rho-check';
 * const result = await checkProcess('for (_ <- @"a") { Nil }', { checks: ['deadlock'] });
 * if (!result.ok || !renderFinding(result.findings[0]!).startsWith('fails: deadlock')) throw new Error('unexpected text');
 * ```
 */
export function renderFinding(finding: Finding): string {
  const { check, property, verdict, message, places, trace, other, hint } = finding;
  const lines = [`${verdict}: ${property ?? check}`, `  ${message}`];
  for (const place of places) lines.push(`  at ${placeText(place)}: ${place.found}`);
  if (hint !== undefined) lines.push(`  hint: ${hint}`);
  if (trace !== undefined) lines.push(renderTrace(trace));
  if (other !== undefined) lines.push('  the other outcome:', renderTrace(other));
  return lines.join('\n');
}
