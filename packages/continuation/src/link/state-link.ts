/**
 * How the memory that one segment leaves is shown to be the memory that the next one starts with: one interface, two forms.
 *
 * @module
 */
import { type ExtensionElement, type ExtensionField, type FieldEngine } from '@commute/field';
import { Transcript } from '@commute/poly-commit';
import {
  EXPOSED_CHALLENGES,
  type ExternalInputs,
  type PublicMessage,
  type Table,
  type TableTrace,
} from '@commute/stark';
import { ContinuationError } from '../errors.ts';
import { type PageLayout, pageLayout } from '../pages/page-layout.ts';
import {
  createBlockTable,
  createPagedCellTable,
  nodeTable,
  type PageBoundary,
  pageMessages,
  type PageRoots,
} from '../pages/page-tables.ts';
import { PagedMemory } from '../pages/paged-memory.ts';
import { permutationTable } from '../pages/permutation-table.ts';
import { byteTable, ByteCounter, LOG_BYTES } from './byte-table.ts';
import { ANY_KEY, type Cells, cellsAfter, type KeyRule, powerOfTwoFrom, type TouchedCell } from './cells.ts';
import { createGlobalTable, type EndCell, globalTrace, STATE_BUS } from './global-table.ts';
import { createPairwiseTable, LINK_IN, LINK_OUT, pairwiseTrace } from './pairwise-table.ts';

/**
 * The pairwise form links neighbours, so that proving starts before the run has ended; the global one costs only what is touched; in the paged one
 * segments know nothing of each other but the root of memory between them, and memory may be as large as RAM.
 */
export type LinkForm = 'pairwise' | 'global' | 'paged';

/** All forms. */
export const LINK_FORMS: readonly LinkForm[] = ['pairwise', 'global', 'paged'];

/** Makes the traces of a segment's link tables; with at least so many rows each, log2, where the form can be proved jointly. */
export type DeferredTraces = (engine: FieldEngine, logRows?: readonly number[]) => readonly TableTrace[];

/** What a segment's link columns are filled from, kept up to date from segment to segment. */
export interface LinkTracker {
  /**
   * The traces of the link's tables for the next segment; advances. The order of calls is that of the segments.
   *
   * @throws {@link ContinuationError} `CONTINUATION_RANGE` for a segment that touches nothing, where the form cannot have that.
   */
  readonly next: (engine: FieldEngine, touched: readonly TouchedCell[]) => readonly TableTrace[];
  /** As `next`, but the traces are made when they are asked for: a prover that shares the work needs only some. */
  readonly defer?: (touched: readonly TouchedCell[]) => DeferredTraces;
  /** All cells at the end, keys increasing: those of the image and those touched. */
  readonly ends: () => EndCell[];
  /** In the paged form: memory before and after the segment that `next` or `defer` was called for last. */
  readonly boundary?: () => PageBoundary;
}

/** The external challenges of the pairwise form, in and out. */
export const LINK_IN_OUT: readonly ['link in', 'link out'] = [LINK_IN, LINK_OUT];

/** Tables that a segment's proof has besides those of its machine, and what they need. */
export interface StateLink {
  readonly form: LinkForm;
  readonly tables: readonly Table[];
  readonly externalChallenges: readonly string[];
  readonly exposedBuses: readonly string[];
  /** Public values of the tables of the segment at a place, from 0. */
  readonly publicValues: (index: number) => readonly Readonly<Record<string, bigint>>[];
  /** log2 of the rows that the traces of a segment need; only of a form that can be proved jointly. */
  readonly logRows?: (touched: readonly TouchedCell[]) => readonly number[];
  /** @param image - the nonzero cells before the first segment. */
  readonly track: (image: Cells) => LinkTracker;
  /** What the statement of a segment says of memory, in the paged form. */
  readonly messages?: (boundary: PageBoundary) => readonly PublicMessage[];
  /** The roots of memory with these nonzero cells, in the paged form. */
  readonly rootsOf?: (cells: Cells) => PageRoots;
}

/**
 * Makes the link of a form for keys under a rule; by default all keys.
 *
 * @param logPageWords - log2 of the words of a page in the paged form; from 3 to 12, 5 by default.
 * @throws {@link ContinuationError} `CONTINUATION_RANGE` for another size of pages.
 */
export function createStateLink(form: LinkForm, rule: KeyRule = ANY_KEY, logPageWords?: number): StateLink {
  if (form === 'paged') return pagedLink(rule, pageLayout(logPageWords));
  return form === 'pairwise' ? pairwiseLink(rule) : globalLink(rule);
}

function pairwiseLink(rule: KeyRule): StateLink {
  const table = createPairwiseTable(rule);
  return {
    form: 'pairwise',
    tables: [table],
    externalChallenges: [LINK_IN, LINK_OUT],
    exposedBuses: [],
    publicValues: () => [{}],
    track: (image) => {
      // Memory before a segment is computed when it is needed, rather than kept for each.
      const history: (readonly TouchedCell[])[] = [];
      const defer = (touched: readonly TouchedCell[]): DeferredTraces => {
        if (touched.length === 0) throw new ContinuationError('CONTINUATION_RANGE', 'touched', 'a cell', 'none');
        const place = history.push(touched) - 1;
        return (engine) => {
          const memory = cellsAfter(image, history.slice(0, place));
          return [pairwiseTrace(engine, table, rule, touched, memory)];
        };
      };
      return { defer, next: (engine, touched) => defer(touched)(engine), ends: () => [] };
    },
  };
}

function globalLink(rule: KeyRule): StateLink {
  const table = createGlobalTable(rule);
  return {
    form: 'global',
    tables: [table, byteTable],
    externalChallenges: [],
    exposedBuses: [STATE_BUS],
    publicValues: (index) => [{ number: BigInt(index + 1) }, {}],
    logRows: (touched) => [Math.log2(powerOfTwoFrom(touched.length)), LOG_BYTES],
    track: (image) => {
      const cells = new Map([...image].map(([key, value]): [bigint, EndCell] => [key, startOf(key, value)]));
      let last = 0;
      const defer = (touched: readonly TouchedCell[]): DeferredTraces => {
        const number = ++last;
        const stamped = touched.map((cell) => ({ ...cell, stamp: cells.get(cell.key)?.stamp ?? 0 }));
        for (const { key, after } of touched) {
          const fresh = cells.get(key)?.fresh ?? true;
          cells.set(key, { key, value: after, stamp: number, fresh });
        }
        return (_, logRows = [0]) => {
          const bytes = new ByteCounter();
          return [globalTrace(table, rule, stamped, number, bytes, 2 ** logRows[0]!), bytes.trace()];
        };
      };
      return {
        defer,
        next: (engine, touched) => defer(touched)(engine),
        ends: () => [...cells.values()].sort((a, b) => (a.key < b.key ? -1 : 1)),
      };
    },
  };
}

function pagedLink(rule: KeyRule, layout: PageLayout): StateLink {
  const tables = { cells: createPagedCellTable(rule), blocks: createBlockTable(layout) };
  return {
    form: 'paged',
    tables: [tables.cells, tables.blocks, nodeTable, permutationTable],
    externalChallenges: [],
    exposedBuses: [],
    publicValues: () => [{}, {}, {}, {}],
    messages: (boundary) => pageMessages(layout, boundary),
    rootsOf: (cells) => new PagedMemory(layout, cells).roots(),
    track: (image) => {
      const memory = new PagedMemory(layout, image);
      let boundary: PageBoundary | undefined;
      const defer = (touched: readonly TouchedCell[]): (() => readonly TableTrace[]) => {
        const step = memory.step(tables, rule, touched);
        ({ boundary } = step);
        return step.traces;
      };
      return { defer, next: (_, touched) => defer(touched)(), ends: () => [], boundary: () => boundary! };
    },
  };
}

function startOf(key: bigint, value: bigint): EndCell {
  return { key, value, stamp: 0, fresh: false };
}

/** The point that two neighbouring segments share; the one before the first segment, and after the last, has one neighbour only. */
export function linkPoint(
  field: ExtensionField,
  run: Uint8Array,
  before: Uint8Array | undefined,
  after: Uint8Array | undefined,
): ExtensionElement {
  const transcript = new Transcript('commute/continuation/pairwise/v1');
  transcript.absorb('run', run);
  transcript.absorb('before', before ?? new Uint8Array());
  transcript.absorb('after', after ?? new Uint8Array());
  return transcript.extensionElement('point', field);
}

/** What comes from outside into a segment's proof in the pairwise form; items are digests of claim and commitment. */
export function pairwiseExternal(
  field: ExtensionField,
  run: Uint8Array,
  before: Uint8Array | undefined,
  own: Uint8Array,
  after: Uint8Array | undefined,
): ExternalInputs & { readonly challenges: Readonly<Record<string, ExtensionElement>> } {
  const transcript = new Transcript('commute/continuation/pairwise/context/v1');
  transcript.absorb('run', run);
  for (const item of [before, own, after]) transcript.absorb('item', item ?? new Uint8Array());
  return {
    challenges: { [LINK_IN]: linkPoint(field, run, before, own), [LINK_OUT]: linkPoint(field, run, own, after) },
    context: transcript.state,
  };
}

/** What comes from outside into a segment's proof in the paged form: no challenge, and what it is bound to. */
export function pagedExternal(run: Uint8Array, own: Uint8Array): ExternalInputs {
  const transcript = new Transcript('commute/continuation/paged/v1');
  transcript.absorb('run', run);
  transcript.absorb('item', own);
  return { challenges: {}, context: transcript.state };
}

/** What comes from outside into a proof of the global form: the challenges of the bus that all segments share. */
export function globalExternal(
  field: ExtensionField,
  run: Uint8Array,
  root: Uint8Array,
  count: number,
  own: Uint8Array,
): ExternalInputs & { readonly challenges: Readonly<Record<string, ExtensionElement>> } {
  const transcript = new Transcript('commute/continuation/global/v1');
  transcript.absorb('run', run);
  transcript.absorb('root', root);
  transcript.absorbElements('count', [BigInt(count)]);
  const context = transcript.fork();
  context.absorb('item', own);
  const challenges = EXPOSED_CHALLENGES.map((name) => [name, transcript.extensionElement(name, field)] as const);
  return { challenges: Object.fromEntries(challenges), context: context.state };
}
