import { PAGE_BYTES, type Snapshot, type PageContent } from '@commute/machine';
import type { CheckJob, JobResult, Transition } from '../check/pool.ts';

/** Where a worker finds the machines. */
export interface StackModule {
  /** URL of an ES module. */
  readonly module: string;
  /** Name of the export: a function that returns the stack, or a promise of it. */
  readonly exportName: string;
  /** The function's argument. */
  readonly options: unknown;
}

/** Pages as they travel: `bytes` has 4096 for each index that is not among the zeros, which come last. */
export interface PackedPages {
  readonly indices: Uint32Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A job as it travels: each state as what differs from the one before, the first from the last the worker holds. */
export interface PackedJob {
  readonly index: number;
  readonly firstStep: number;
  readonly skipped: number;
  readonly start: PackedPages;
  /** Without pages where no state is claimed. */
  readonly transitions: readonly { readonly steps: number; readonly pages: PackedPages | undefined }[];
}

/** What a worker answers. */
export type WorkerAnswer =
  | { readonly kind: 'ready'; readonly hashName: string }
  | { readonly kind: 'progress'; readonly steps: number }
  | { readonly kind: 'result'; readonly result: JobResult }
  | { readonly kind: 'failed'; readonly message: string };

/** What differs between two states, as bytes of its own. */
export function packDifference(before: Snapshot, after: Snapshot): PackedPages {
  const pages = before.differences(after);
  const held = pages.filter(({ bytes }) => bytes !== null);
  const zero = pages.filter(({ bytes }) => bytes === null);
  const bytes = new Uint8Array(held.length * PAGE_BYTES);
  held.forEach((page, i) => {
    if (page.bytes !== null) bytes.set(page.bytes, i * PAGE_BYTES);
  });
  return { indices: Uint32Array.from([...held, ...zero], ({ index }) => index), bytes };
}

/** The state that {@link packDifference} was given as `after`. Keeps the bytes. */
export function unpackDifference(before: Snapshot, packed: PackedPages): Snapshot {
  if (packed.indices.length === 0) return before;
  const held = packed.bytes.length / PAGE_BYTES;
  const pages = Array.from(packed.indices, (index, i): PageContent => ({
    index,
    bytes: i < held ? packed.bytes.subarray(i * PAGE_BYTES, (i + 1) * PAGE_BYTES) : null,
  }));
  return before.withPages(pages);
}

/** A job for a worker that holds `held`, and the state it will hold then. */
export function packJob(job: CheckJob, held: Snapshot): { readonly packed: PackedJob; readonly held: Snapshot } {
  let last = job.start;
  const transitions = job.transitions.map(({ steps, end }) => {
    if (end === undefined) return { steps, pages: undefined };
    const pages = packDifference(last, end);
    last = end;
    return { steps, pages };
  });
  const { index, firstStep, skipped } = job;
  return { packed: { index, firstStep, skipped, start: packDifference(held, job.start), transitions }, held: last };
}

/** The job from {@link packJob}. */
export function unpackJob(packed: PackedJob, held: Snapshot): { readonly job: CheckJob; readonly held: Snapshot } {
  const start = unpackDifference(held, packed.start);
  let last = start;
  const transitions = packed.transitions.map(({ steps, pages }): Transition => {
    if (pages === undefined) return { steps, end: undefined };
    last = unpackDifference(last, pages);
    return { steps, end: last };
  });
  const { index, firstStep, skipped } = packed;
  return { job: { index, firstStep, skipped, start, transitions }, held: last };
}

/** The buffers of a job, which move to the worker instead of being copied. */
export function buffersOf(packed: PackedJob): ArrayBuffer[] {
  const all = [packed.start, ...packed.transitions.map(({ pages }) => pages)];
  return all.flatMap((pages) => (pages === undefined ? [] : [pages.bytes.buffer]));
}
