import { duration, grouped, type Terminal } from './terminal.ts';

/** Draws progress with rate and time left, at most ten times a second. */
export class Progress {
  readonly #terminal: Terminal;
  readonly #title: string;
  readonly #unit: string;
  readonly #start: number = performance.now();
  #last = -Infinity;

  constructor(terminal: Terminal, title: string, unit: string) {
    this.#terminal = terminal;
    this.#title = title;
    this.#unit = unit;
  }

  /** Shows that `done` of `total` units are done; a total of undefined is not known. */
  show(done: number, total?: number): void {
    const now = performance.now();
    if (now - this.#last < 100) return;
    this.#last = now;
    const elapsed = now - this.#start;
    const rate = elapsed > 0 ? (done / elapsed) * 1000 : 0;
    const parts = [`${this.#title}: ${grouped(done)}`];
    if (total !== undefined) parts.push(`of ${grouped(total)}`);
    parts.push(`${this.#unit}, ${grouped(Math.round(rate))} per second`);
    if (total !== undefined && rate > 0) parts.push(`, ${duration(((total - done) / rate) * 1000)} left`);
    this.#terminal.status(parts.join(' ').replace(' ,', ','));
  }

  /** Milliseconds since the start. */
  elapsed(): number {
    return performance.now() - this.#start;
  }

  /** Ends the line. */
  end(): void {
    this.#terminal.endStatus();
  }
}
