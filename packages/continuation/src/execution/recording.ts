/** What is recorded of every cycle. */
export class Recording {
  readonly rows: Uint32Array;
  readonly left: Uint32Array;
  readonly right: Uint32Array;
  readonly before: Uint32Array;
  readonly result: Uint32Array;
  readonly leftTimes: Uint32Array;
  readonly rightTimes: Uint32Array;
  readonly beforeTimes: Uint32Array;

  constructor(cycles: number) {
    this.rows = new Uint32Array(cycles);
    this.left = new Uint32Array(cycles);
    this.right = new Uint32Array(cycles);
    this.before = new Uint32Array(cycles);
    this.result = new Uint32Array(cycles);
    this.leftTimes = new Uint32Array(cycles);
    this.rightTimes = new Uint32Array(cycles);
    this.beforeTimes = new Uint32Array(cycles);
  }

  /** The first `cycles` of all. */
  cut(cycles: number): RecordedCycles {
    return {
      rows: this.rows.slice(0, cycles),
      left: this.left.slice(0, cycles),
      right: this.right.slice(0, cycles),
      before: this.before.slice(0, cycles),
      result: this.result.slice(0, cycles),
      leftTimes: this.leftTimes.slice(0, cycles),
      rightTimes: this.rightTimes.slice(0, cycles),
      beforeTimes: this.beforeTimes.slice(0, cycles),
    };
  }
}

/** Everything that is recorded of every cycle. */
export type RecordedCycles = Omit<Recording, 'cut'>;
