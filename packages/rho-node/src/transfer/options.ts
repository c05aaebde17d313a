/** How far the transfer of a state is. */
export interface TransferProgress {
  /** The round after which it is the state, and its root. */
  readonly round: number;
  readonly root: Uint8Array;
  /** Bytes of parts that came in, since this node was opened. */
  readonly bytes: number;
  /** How much is here, in `[0, 1]`: goes back where another round is fetched instead. */
  readonly fraction: number;
}

/** How a node fetches the state from others if they keep the rounds no more that it needs. */
export interface TransferOptions {
  /** Is told after each part. Must not throw. */
  readonly onProgress?: (progress: TransferProgress) => void;
  /** Ends it; what came in stays for the next time that the node is opened. */
  readonly signal?: AbortSignal;
  /** Milliseconds without a round that is closed that a node waits for others that may keep the rounds, before it fetches the state; 1,000 unless told. */
  readonly wait?: number;
  /** Milliseconds that a node waits for a part before it asks another one; 30,000 unless told. */
  readonly timeout?: number;
}
