import { HistoryStore, type KeyValueStore } from '@commute/rho-store';
import { StoreIndex, type SavedIndexReason } from '@commute/rho-discovery';
import type { OptionHelp } from '../arguments.ts';
import type { CommandContext } from '../command.ts';
import { grouped } from '../terminal.ts';
import { withNamedStore } from './store.ts';

/** The option that leaves the saved index alone. */
export const INDEX_OPTION: Readonly<Record<string, OptionHelp>> = {
  'no-index': { help: 'read every contract of the store, and neither believe nor keep the index beside it' },
};

/** How the contracts of a store were found, in JSON. */
export interface StoreIndexReport {
  /**
   * `loaded` if the index beside the store was used; `not-asked` with `--no-index`; `not-confirmed` if it said of a contract what the store does not; otherwise why there
   * was none that could be used.
   */
  readonly source: 'loaded' | 'not-asked' | 'not-confirmed' | SavedIndexReason;
  /** Number of channels that were read from the store. */
  readonly channels: number;
  /** Number of records that were written to keep the index; null if they could not be. */
  readonly saved: number | null;
}

/** The contracts of a store while it is open. */
export interface OpenIndex {
  readonly store: KeyValueStore;
  readonly contracts: StoreIndex;
}

/** What a command found in an index. */
export interface Found<T> {
  readonly value: T;
  /** The contracts that the value is about. */
  readonly ids: readonly string[];
}

/**
 * Opens the contracts of the store that the command line names: those of the index beside the store as far as it goes, the rest read. Of each contract that `find` gives
 * the store is asked too; if it says otherwise, everything is read and found again. In the end the index is kept; a store that cannot be written is read all the same.
 */
export async function withStoreIndex<T>(
  context: CommandContext,
  find: (open: OpenIndex) => Found<T>,
): Promise<{ readonly value: T; readonly index: StoreIndexReport }> {
  const { args, terminal, signal } = context;
  const onProgress = ({ channels }: { readonly channels: number }): void => {
    terminal.status(`reading contracts, ${grouped(channels)} channels`);
  };
  const options = { signal, onProgress };
  const read = await withNamedStore(args, 'read', (store) => {
    const history = new HistoryStore(store);
    const loaded = args.flag('no-index') ? undefined : StoreIndex.load(history, options);
    const contracts = loaded?.contracts ?? new StoreIndex(options);
    const { channels } = contracts.update(history);
    const { value, ids } = find({ store, contracts });
    const source = loaded === undefined ? 'not-asked' : (loaded.reason ?? 'loaded');
    const stands = (id: string): boolean => contracts.placeOf(id) === undefined || contracts.confirm(history, id);
    if (source !== 'loaded' || ids.every(stands)) return { contracts, channels, value, source } as const;
    const whole = new StoreIndex(options);
    const again = whole.update(history).channels;
    const { value: other } = find({ store, contracts: whole });
    return { contracts: whole, channels: channels + again, value: other, source: 'not-confirmed' } as const;
  });
  terminal.endStatus();
  const { value, contracts, channels, source } = read;
  const changed = source !== 'not-asked' && (source !== 'loaded' || channels > 0);
  return { value, index: { source, channels, saved: changed ? await save(context, contracts) : 0 } };
}

/** Keeps an index, and says why where it cannot. */
async function save({ args, terminal }: CommandContext, contracts: StoreIndex): Promise<number | null> {
  try {
    return await withNamedStore(args, 'write', (store) => contracts.save(new HistoryStore(store)));
  } catch (error) {
    if (!args.flag('json')) terminal.note(`the index was not kept: ${(error as Error).message}`);
    return null;
  }
}
