import type { PlaceFields } from '@commute/rholang';
import type { BoundName, CheckName, Trace } from './report.ts';

/** What the checks say where they hold. */
export const HOLDS: Readonly<Record<CheckName, string>> = {
  failure: 'failure: no schedule ends with an error',
  deadlock: 'deadlock: wherever everything stops, nothing waits that should not',
  'stuck-receive': 'stuck-receive: no receive waits for ever while others go on',
  'unobserved-output': 'unobserved-output: every message can be received in some schedule',
  leak: 'leak: the names stay private',
  race: 'race: all schedules have one outcome',
  cost: '',
};

/** What the checks say where they fail. */
export const FAILS: Readonly<Record<CheckName, string>> = {
  failure: '',
  deadlock: 'deadlock: expected nothing to wait where everything stops, got receives that wait',
  'stuck-receive':
    'stuck-receive: expected each receive to have a chance, got one that waits for ever while others go on',
  'unobserved-output': 'unobserved-output: expected a receive that can take the message in some schedule, got none',
  leak: '',
  race: '',
  cost: '',
};

/** What to do about it. */
export const HINTS: Readonly<Partial<Record<CheckName, string>>> = {
  deadlock: 'if others are to send what it waits for, say so with `environment`',
  'stuck-receive': 'if others are to send what it waits for, say so with `environment`',
};

/** A number with its unit. */
export function count(number: number, unit: string): string {
  return `${String(number)} ${unit}${number === 1 ? '' : 's'}`;
}

/** Tells whether two places are one. */
export function samePlace(left: PlaceFields, right: PlaceFields): boolean {
  return left.file === right.file && left.start === right.start && left.end === right.end;
}

/** The places of the last step of a trace. */
export function lastPlaces(trace: Trace): PlaceFields[] {
  const step = trace.steps.at(-1);
  if (step === undefined) return [];
  const places: PlaceFields[] = [];
  for (const { place } of [...step.messages, step.receive])
    if (place !== undefined && !places.some((one) => samePlace(one, place))) places.push(place);
  return places;
}

const BOUNDS: Readonly<Record<BoundName, string>> = {
  states: 'the bound on states was reached',
  depth: 'the bound on depth was reached',
  bytes: 'the bound on memory was reached',
  milliseconds: 'the bound on time was reached',
  aborted: 'it was stopped',
  'match-budget': 'a search for matches took too many steps',
  steps: 'one step has too many reductions or terms that are too deep',
  'names-observed': 'the program looks into the bytes or the order of unforgeable names',
  'system-receive': 'the program receives on the name of a system process',
  'no-static-bound': 'there is no static bound',
  symmetry: 'a schedule was found that could not be written down as a run',
};

/** What a finding says that is not found out. */
export function unknownMessage(bound: BoundName): string {
  return `unknown: ${BOUNDS[bound]}`;
}
