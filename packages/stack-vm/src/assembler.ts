import { MODULUS } from '@commute/field';
import { argumentFault, instructionNamed, type InstructionDefinition } from './instructions.ts';
import { Program } from './program.ts';

/** What is wrong with a source. */
export type AssemblyFault =
  | 'unknown-instruction'
  | 'missing-argument'
  | 'bad-argument'
  | 'unknown-label'
  | 'duplicate-label'
  | 'reserved-label'
  | 'misplaced-error-id'
  | 'unexpected-character'
  | 'unfinished-comment'
  | 'unfinished-hint'
  | 'empty-program'
  | 'too-large';

/** One fault with its place, both counted from 1. */
export interface AssemblyError {
  readonly line: number;
  readonly column: number;
  readonly fault: AssemblyFault;
  readonly message: string;
}

/** The program of a source, or all that is wrong with it. */
export type AssemblyResult =
  { readonly ok: true; readonly program: Program } | { readonly ok: false; readonly errors: readonly AssemblyError[] };

interface Token {
  readonly text: string;
  readonly at: number;
}

const KEYWORDS: ReadonlySet<string> = new Set(['hint', 'error_id', 'error_message', 'break']);
/** Faults that are reported at most. */
const MAXIMUM_ERRORS = 100;
const LABEL = /^[\p{Alphabetic}_][\p{Alphabetic}\p{N}_-]*$/u;
const NUMBER = /^-?(?:\d{1,40}|0x[0-9a-fA-F]{1,16})$/;

/**
 * Assembles the language of Triton VM: instructions, labels with a colon, comments of `//` and of slash and star. Type hints
 * and breakpoints are passed over, `error_id` behind an assertion is noted. `call` takes a label or an address. Never throws.
 *
 * @example
 * ```ts
 * import { assemble } from '@commute/stack-vm';
 * const result = assemble('push 3 call twice write_io 1 halt  twice: push 2 mul return');
 * if (!result.ok) throw new Error(result.errors[0]?.message);
 * const wrong = assemble('push 1\n  pup 1');
 * if (wrong.ok || wrong.errors[0]?.line !== 2 || wrong.errors[0].column !== 3) throw new Error('not located');
 * ```
 */
export function assemble(source: string): AssemblyResult {
  return new Assembler(source).run();
}

class Assembler {
  readonly #source: string;
  readonly #tokens: Token[] = [];
  readonly #errors: AssemblyError[] = [];
  readonly #words: bigint[] = [];
  readonly #labels = new Map<string, number>();
  readonly #errorIds = new Map<number, bigint>();
  readonly #calls: { readonly word: number; readonly token: Token }[] = [];
  #next = 0;
  /** Address of an assertion that was just read, which an `error_id` may follow. */
  #assertion: number | undefined;

  constructor(source: string) {
    this.#source = source;
  }

  run(): AssemblyResult {
    this.#tokenize();
    while (this.#next < this.#tokens.length) this.#statement(this.#tokens[this.#next++]!);
    for (const { word, token } of this.#calls) {
      const address = this.#labels.get(token.text);
      if (address === undefined)
        this.#fault('unknown-label', token.at, `label: expected one that exists, got ${token.text}`);
      else this.#words[word] = BigInt(address);
    }
    if (this.#words.length === 0 && this.#errors.length === 0) {
      this.#fault('empty-program', this.#source.length, 'program: expected an instruction, got none');
    }
    if (this.#words.length > 2 ** 25) {
      this.#fault('too-large', 0, `program: expected at most 2^25 words, got ${String(this.#words.length)}`);
    }
    if (this.#errors.length > 0) {
      return { ok: false, errors: this.#errors.sort((a, b) => a.line - b.line || a.column - b.column) };
    }
    return { ok: true, program: new Program(this.#words, { labels: this.#labels, errorIds: this.#errorIds }) };
  }

  #tokenize(): void {
    const pattern = /\/\/[^\n\r]*|\/\*|\s+|[:=[\]]|[^\s:=[\]/]+|\//gu;
    for (let at = 0; at < this.#source.length;) {
      pattern.lastIndex = at;
      const text = pattern.exec(this.#source)![0];
      if (text === '/*') {
        const end = this.#source.indexOf('*/', at + 2);
        if (end < 0) {
          this.#fault('unfinished-comment', at, 'comment: expected its end, got the end of the source');
          return;
        }
        at = end + 2;
        continue;
      }
      if (text === '/') this.#fault('unexpected-character', at, 'source: expected an instruction or a label, got /');
      else if (!text.startsWith('//') && text.trim() !== '') this.#tokens.push({ text, at });
      at += text.length;
    }
  }

  #statement(token: Token): void {
    const assertion = this.#assertion;
    this.#assertion = undefined;
    if (this.#tokens[this.#next]?.text === ':') {
      this.#next++;
      this.#label(token);
      return;
    }
    if (token.text === 'break') return;
    if (token.text === 'hint') {
      while (this.#tokens[this.#next] !== undefined && this.#tokens[this.#next]!.text !== ']') this.#next++;
      if (this.#tokens[this.#next++] === undefined) {
        this.#fault('unfinished-hint', token.at, 'hint: expected a closing bracket, got the end of the source');
      }
      return;
    }
    if (token.text === 'error_id') {
      const id = this.#number(token, 'error_id');
      if (assertion === undefined) {
        this.#fault('misplaced-error-id', token.at, 'error_id: expected an assertion before it, got something else');
      } else if (id !== undefined) this.#errorIds.set(assertion, id);
      return;
    }
    const instruction = instructionNamed(token.text);
    if (instruction === undefined) {
      this.#fault('unknown-instruction', token.at, `instruction: expected the name of one, got ${shown(token.text)}`);
      return;
    }
    this.#instruction(instruction, token);
  }

  #label(token: Token): void {
    const { text, at } = token;
    if (!LABEL.test(text)) {
      this.#fault('reserved-label', at, `label: expected letters, digits, _ and -, got ${shown(text)}`);
    } else if (instructionNamed(text) !== undefined || KEYWORDS.has(text)) {
      this.#fault('reserved-label', at, `label: expected neither an instruction nor a keyword, got ${text}`);
    } else if (this.#labels.has(text)) {
      this.#fault('duplicate-label', at, `label: expected one of its own, got ${text} again`);
    } else {
      this.#labels.set(text, this.#words.length);
    }
  }

  #instruction(instruction: InstructionDefinition, token: Token): void {
    const { name, opcode, argument } = instruction;
    if (name.startsWith('assert')) this.#assertion = this.#words.length;
    this.#words.push(BigInt(opcode));
    if (argument === 'none') return;
    const word = this.#words.push(0n) - 1;
    const next = this.#tokens[this.#next];
    if (argument === 'address' && next !== undefined && LABEL.test(next.text)) {
      this.#next++;
      this.#calls.push({ word, token: next });
      return;
    }
    const value = this.#number(token, name);
    if (value === undefined) return;
    const fault = argumentFault(instruction, value);
    if (fault !== undefined) this.#fault('bad-argument', next!.at, `${name}: expected ${fault}, got ${next!.text}`);
    this.#words[word] = value;
  }

  #number(owner: Token, name: string): bigint | undefined {
    const token = this.#tokens[this.#next];
    if (token === undefined || instructionNamed(token.text) !== undefined || token.text === ':') {
      this.#fault(
        'missing-argument',
        owner.at,
        `${name}: expected an argument, got ${token?.text ?? 'the end of the source'}`,
      );
      return undefined;
    }
    this.#next++;
    const { text, at } = token;
    const magnitude = NUMBER.test(text) ? BigInt(text.replace('-', '')) : MODULUS;
    if (magnitude >= MODULUS) {
      this.#fault('bad-argument', at, `${name}: expected a whole number above -p and below p, got ${shown(text)}`);
      return undefined;
    }
    return text.startsWith('-') && magnitude > 0n ? MODULUS - magnitude : magnitude;
  }

  #fault(fault: AssemblyFault, at: number, message: string): void {
    if (this.#errors.length >= MAXIMUM_ERRORS) return;
    const before = this.#source.slice(0, at).split(/\r\n|\n|\r/u);
    this.#errors.push({ line: before.length, column: before.at(-1)!.length + 1, fault, message });
  }
}

/** A piece of the source for a message: not all of it if it is long. */
function shown(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
