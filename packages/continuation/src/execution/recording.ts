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
}

/** Everything that is recorded of every cycle. */
export type RecordedCycles = Readonly<Recording>;

/** The first `cycles` of all, which are copied where there are others. */
export function recordedCycles(recording: Recording, cycles: number): RecordedCycles {
  const of = (values: Uint32Array): Uint32Array => (cycles === values.length ? values : values.slice(0, cycles));
  return {
    rows: of(recording.rows),
    left: of(recording.left),
    right: of(recording.right),
    before: of(recording.before),
    result: of(recording.result),
    leftTimes: of(recording.leftTimes),
    rightTimes: of(recording.rightTimes),
    beforeTimes: of(recording.beforeTimes),
  };
}
