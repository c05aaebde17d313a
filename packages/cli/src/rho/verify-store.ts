import { hasCode } from '@commute/errors';
import {
  decodeChannel,
  HistoryStore,
  verifyChain,
  verifyStore,
  type KeyValueStore,
  type StoreProblem,
} from '@commute/rho-store';
import { hex } from '../terminal.ts';
import { ChannelNames } from './text.ts';

/** One thing that is wrong with a store. */
export interface VerifyProblem {
  /** `key`, `keys`, `commit`, `record`, `block`, or `medium` where not even LMDB can read on. */
  readonly kind: StoreProblem['kind'] | 'block' | 'medium';
  /** The key as Rholang prints it; of several below a damaged node the first ones; null if none is known. */
  readonly key: string | null;
  /** First entry of the history that is wrong; null if something else is. */
  readonly sequence: number | null;
  readonly commit: number | null;
  readonly expected: string;
}

/** Fields of `commute rho verify --json`. */
export interface RhoVerifyReport {
  readonly command: 'rho verify';
  readonly ok: boolean;
  /** State root; null if the store cannot be opened. */
  readonly root: string | null;
  readonly problems: readonly VerifyProblem[];
  readonly commits: number;
  readonly keys: number;
  /** Entries of histories that were checked. */
  readonly entries: number;
  readonly blocks: number;
  readonly deploys: number;
  readonly seconds: number;
}

const NOTHING = { commits: 0, keys: 0, entries: 0, blocks: 0, deploys: 0, seconds: 0 };

/** What is said of a store whose reading ended the process. */
export function crashed(how: string): RhoVerifyReport {
  const expected = `pages that LMDB can read, got damage that ended the process that read them (${how})`;
  return failed(expected);
}

/** What is said of a store that cannot be opened. */
export function failed(expected: string): RhoVerifyReport {
  const problem = { kind: 'medium', key: null, sequence: null, commit: null, expected } as const;
  return { command: 'rho verify', ok: false, root: null, problems: [problem], ...NOTHING };
}

/** Most keys that are named for one damaged node. */
const MAXIMUM_KEYS = 16;

function problemOf(problem: StoreProblem, names: ChannelNames): VerifyProblem {
  const { kind, expected } = problem;
  const nothing = { kind, key: null, sequence: null, commit: null, expected };
  const text = (channel: Uint8Array): string => {
    const term = decodeChannel(channel);
    return term === undefined ? hex(channel) : names.text(term);
  };
  switch (problem.kind) {
    case 'key':
      return { ...nothing, key: text(problem.channel), sequence: problem.sequence ?? null };
    case 'keys': {
      const { channels, prefix } = problem;
      const key = channels.slice(0, MAXIMUM_KEYS).map(text).join(', ');
      return { ...nothing, key: key === '' ? null : key, expected: `${expected}, above the keys 0x${prefix}…` };
    }
    case 'commit':
      return { ...nothing, commit: problem.commit };
    case 'record':
      return { ...nothing, expected: `${expected}, at 0x${problem.key}` };
  }
}

/** Checks a store and its chain of blocks. */
export function verifyAll(store: KeyValueStore): RhoVerifyReport {
  let history: HistoryStore;
  try {
    history = new HistoryStore(store);
  } catch (error) {
    if (hasCode(error, 'RHO_STORE_BYTES_MALFORMED')) return failed((error as Error).message);
    throw error;
  }
  const names = new ChannelNames();
  const found = verifyStore(history);
  const chain = verifyChain(history);
  const problems: VerifyProblem[] = found.problems.map((one) => problemOf(one, names));
  for (const { commit, expected } of chain.problems) {
    if (!problems.some((one) => one.commit === commit))
      problems.push({ kind: 'block', key: null, sequence: null, commit, expected });
  }
  const { commits, keys, entries } = found;
  const { blocks, deploys } = chain;
  const ok = problems.length === 0;
  return {
    command: 'rho verify',
    ok,
    root: hex(history.root()),
    problems,
    commits,
    keys,
    entries,
    blocks,
    deploys,
    seconds: 0,
  };
}
