import {
  printTerm,
  renderDiagnostic,
  systemUri,
  termKey,
  tokenChannel,
  type PlaceFields,
  type Term,
} from '@commute/rholang';
import { deployId, type Deploy, type Refusal, type SourcePlace } from '@commute/rho-store';
import { hex } from '../terminal.ts';

/** Longest text of a value that is shown to people. */
const MAXIMUM_TEXT = 240;

/** Control characters, and those that change the direction of what follows: they are shown and not obeyed. */
const UNPRINTABLE = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Text that a program wrote, safe to show: it moves no cursor, hides nothing and turns nothing around. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (one) => `<U+${one.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}>`);
}

const LONG_NAME = /Unforgeable\(0x([0-9a-f]{12})[0-9a-f]+\)/g;

/** Text for people: safe to show, with unforgeable names cut to what tells them apart. */
export function readable(text: string): string {
  return printable(text.replace(LONG_NAME, 'Unforgeable(0x$1…)'));
}

/** Cuts a text that is too long to show. */
export function shortened(text: string, length: number = MAXIMUM_TEXT): string {
  return text.length <= length ? text : `${text.slice(0, length)}… (${String(text.length)} characters)`;
}

/** Largest value that is printed in order to show its beginning, in nodes. */
const MAXIMUM_PRINTED = 5000;

/** What was printed: a value is shown at each of its channels. */
const texts = new WeakMap<Term, string>();

/** A value as Rholang prints it, shortened; of a very large one only what it is. */
export function valueText(term: Term): string {
  if (term.size > MAXIMUM_PRINTED) return `… (${term.kind} of ${String(term.size)} nodes)`;
  let text = texts.get(term);
  if (text === undefined) texts.set(term, (text = shortened(printTerm(term))));
  return text;
}

/** Names of channels that have no text in Rholang, for people. */
export class ChannelNames {
  readonly #tokens = new Map<string, string>();

  /** Learns whose tokens wait where. */
  learn(deploy: Deploy): void {
    const id = deployId(deploy);
    this.#tokens.set(termKey(tokenChannel(id)), hex(id));
  }

  /** The channel for people. */
  text(channel: Term): string {
    if (channel.kind === 'unforgeable') {
      const uri = systemUri(channel);
      if (uri !== undefined) return uri;
      const deploy = this.#tokens.get(termKey(channel));
      if (deploy !== undefined) return `tokens of deploy ${deploy.slice(0, 18)}`;
    }
    return `@${atomic(channel)}`;
  }
}

/** The text of a process that can stand behind `@`. */
function atomic(term: Term): string {
  const text = valueText(term);
  return ['par', 'send', 'receive', 'new', 'match', 'binary', 'unary', 'method'].includes(term.kind)
    ? `{${text}}`
    : text;
}

/** A place in JSON. */
export interface PlaceReport {
  readonly file: string;
  /** Counted from one. */
  readonly line: number;
  /** Counted from one, in UTF-16 code units. */
  readonly column: number;
  /** Identity of the deploy, 0x and 64 hex digits. */
  readonly deploy: string;
}

/** A place for JSON; null where it is not known. */
export function placeReport(place: SourcePlace | undefined): PlaceReport | null {
  if (place === undefined) return null;
  return { file: place.deploy.file, line: place.line, column: place.column, deploy: hex(place.id) };
}

/** A place for people. */
export function placeText(place: PlaceReport | null): string {
  return place === null ? 'place unknown' : `${place.file}:${String(place.line)}:${String(place.column)}`;
}

/** A refusal or a warning in JSON. */
export interface FindingReport {
  /** `block`, `parse`, `normalize`, `observability`, `admission` or `run`. */
  readonly stage: string;
  /** A word of a closed set, such as `unobserved-output`. */
  readonly reason: string;
  /** One sentence, without the place. */
  readonly message: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** What to do about it; null if there is nothing to say. */
  readonly hint: string | null;
}

type Located = Pick<Refusal, 'reason' | 'message' | 'hint'> & Pick<PlaceFields, 'file' | 'line' | 'column'>;

/** A refusal or a warning for JSON. */
export function findingReport(stage: string, { reason, message, file, line, column, hint }: Located): FindingReport {
  return { stage, reason, message, file, line, column, hint: hint ?? null };
}

/** A refusal or a warning for people: with the source line where it is about one. */
export function findingText(
  finding: Omit<Refusal, 'severity' | 'stage'> & { readonly severity: 'error' | 'warning' },
  source: string,
): string {
  if (finding.end > finding.start) return printable(renderDiagnostic(finding, source));
  return printable(`${finding.file}: ${finding.severity}: ${finding.message}`);
}
