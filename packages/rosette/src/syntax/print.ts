import { printString, type Located } from '@commute/rholang';
import { isListForm, type Form, type ListForm } from './form.ts';

/** Rosette source, and where the forms that begin at each offset come from in the Rholang source. */
export interface RosetteText {
  readonly text: string;
  readonly sourceMap: ReadonlyMap<number, Located>;
}

const WIDTH = 100;
/** Wider than any line: forms of this width are broken without counting further. */
const WIDE = 1000;

/** How many parts after the head stay on its line where a form is broken. */
const ON_FIRST_LINE: Readonly<Record<string, number>> = {
  block: 0,
  let: 1,
  consume: 1,
  'consume-persistent': 1,
  proc: 1,
  match: 1,
  if: 1,
  produce: 1,
  'produce-persistent': 1,
};

function atomText(form: Exclude<Form, ListForm>): string {
  switch (form.kind) {
    case 'symbol':
      return form.name;
    case 'integer':
      return String(form.value);
    case 'big-integer':
      return `${String(form.value)}n`;
    case 'string':
      return printString(form.value);
  }
}

class Printer {
  readonly sourceMap = new Map<number, Located>();
  readonly #widths = new Map<Form, number>();
  #parts: string[] = [];
  #offset = 0;

  get text(): string {
    return this.#parts.join('');
  }

  #write(text: string): void {
    this.#parts.push(text);
    this.#offset += text.length;
  }

  /** Width of a form on one line, at most {@link WIDE}. */
  #width(form: Form): number {
    if (!isListForm(form)) return Math.min(WIDE, atomText(form).length);
    let width = this.#widths.get(form);
    if (width === undefined) {
      width = 1 + Math.max(1, form.items.length);
      for (const item of form.items) width = Math.min(WIDE, width + this.#width(item));
      this.#widths.set(form, width);
    }
    return width;
  }

  print(form: Form, indent: number): void {
    if (!isListForm(form)) {
      this.#write(atomText(form));
      return;
    }
    if (form.origin !== undefined) this.sourceMap.set(this.#offset, form.origin);
    const [open, close] = form.kind === 'round' ? ['(', ')'] : ['[', ']'];
    const flat = indent + this.#width(form) <= WIDTH;
    const head = form.kind === 'round' ? form.items[0] : undefined;
    const kept = head?.kind === 'symbol' ? (ON_FIRST_LINE[head.name] ?? 1) : 0;
    const inner = indent + (form.kind === 'round' ? 2 : 1);
    const newline = `\n${' '.repeat(inner)}`;
    this.#write(open);
    form.items.forEach((item, index) => {
      const onLine = flat || index <= kept;
      if (index > 0) this.#write(onLine ? ' ' : newline);
      this.print(item, onLine && index > 0 && !flat ? indent + 2 : inner);
    });
    this.#write(close);
  }
}

/**
 * Prints a form, broken into lines where it is wide. Reading the text gives the form again.
 *
 * @example
 * ```ts
 * import { printRosette, readRosette } from '@commute/rosette';
 * const source = '(let [[x (fresh)]] (produce x 1))';
 * const result = readRosette(source);
 * if (!result.ok || printRosette(result.form).text !== source) throw new Error('unexpected text');
 * ```
 */
export function printRosette(form: Form): RosetteText {
  const printer = new Printer();
  printer.print(form, 0);
  return { text: printer.text, sourceMap: printer.sourceMap };
}
