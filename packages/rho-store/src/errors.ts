import { BaseError } from '@commute/errors';

/** The caller gave something that the store cannot take. */
export class StoreArgumentError extends BaseError<
  'RHO_STORE_ARGUMENT_MISMATCH',
  { name: string; expected: string; got: string }
> {
  constructor(name: string, expected: string, got: string) {
    super('RHO_STORE_ARGUMENT_MISMATCH', `${name}: expected ${expected}, got ${got}`, { name, expected, got });
  }
}

/** Stored bytes are not what was written. `place` names what is damaged; `verify` lists everything. */
export class StoreDamagedError extends BaseError<'RHO_STORE_BYTES_MALFORMED', { place: string; expected: string }> {
  constructor(place: string, expected: string) {
    super('RHO_STORE_BYTES_MALFORMED', `${place}: expected ${expected}, got damaged or missing bytes`, {
      place,
      expected,
    });
  }
}

/** The bytes of a commit could not be written: the disk is full, the map is full, or the device fails. Nothing of the commit is stored. */
export class StoreWriteError extends BaseError<'RHO_STORE_WRITE_EXHAUSTED', { got: string }> {
  constructor(got: string, options?: ErrorOptions) {
    super('RHO_STORE_WRITE_EXHAUSTED', `commit: expected room for its bytes, got ${got}`, { got }, options);
  }
}

/** Somebody else committed to the store since it was opened or read last. Nothing of the commit is stored. */
export class StoreStaleError extends BaseError<'RHO_STORE_VERSION_MISMATCH', { name: string }> {
  constructor(name: string) {
    super(
      'RHO_STORE_VERSION_MISMATCH',
      `${name}: expected the version that this handle has seen, got a later one of another writer`,
      { name },
    );
  }
}

/** The store has no such version: it never had, or it was pruned. */
export class StoreVersionError extends BaseError<'RHO_STORE_VERSION_UNKNOWN', { root: string }> {
  constructor(root: string) {
    super('RHO_STORE_VERSION_UNKNOWN', `root: expected one that the store keeps, got ${root}`, { root });
  }
}
