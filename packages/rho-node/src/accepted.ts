import {
  ByteWriter,
  bytesFromText,
  compareBytes,
  HASH_BYTES,
  hashBytes,
  textFromBytes,
  type ByteReader,
} from '@commute/rho-store/bytes';

/** Deploys that were accepted in one round. */
export interface AcceptedGroup {
  /** The last round in which one of them could be accepted again if it were forgotten. */
  readonly until: number;
  /** Ascending. */
  readonly ids: readonly Uint8Array[];
}

/** Which deploys were accepted, as long as they could be again: the same at all nodes, so that they refuse the same. */
export class AcceptedDeploys {
  /** By until when, then by id. */
  readonly #groups = new Map<number, Set<string>>();
  readonly #until = new Map<string, number>();
  readonly #hashes = new Map<number, Uint8Array>();

  /** True if a deploy was accepted. */
  has(id: Uint8Array): boolean {
    return this.#until.has(textFromBytes(id));
  }

  /** Says that a deploy was accepted. */
  add(until: number, id: Uint8Array): void {
    const name = textFromBytes(id);
    let group = this.#groups.get(until);
    if (group === undefined) this.#groups.set(until, (group = new Set()));
    group.add(name);
    this.#until.set(name, until);
    this.#hashes.delete(until);
  }

  /** Those that cannot be accepted again after a round. */
  over(round: number): readonly AcceptedGroup[] {
    return this.#sorted((until) => until <= round);
  }

  /** Forgets {@link over}. */
  forget(round: number): void {
    for (const [until, names] of [...this.#groups]) {
      if (until > round) continue;
      for (const name of names) this.#until.delete(name);
      this.#groups.delete(until);
      this.#hashes.delete(until);
    }
  }

  /** Those that could be accepted again after a round, ascending. */
  after(round: number): readonly AcceptedGroup[] {
    return this.#sorted((until) => until > round);
  }

  #sorted(takes: (until: number) => boolean): AcceptedGroup[] {
    return [...this.#groups.keys()]
      .filter(takes)
      .sort((left, right) => left - right)
      .map((until) => ({ until, ids: this.#ids(until) }));
  }

  #ids(until: number): readonly Uint8Array[] {
    return [...this.#groups.get(until)!].map(bytesFromText).sort(compareBytes);
  }

  /** Hash of {@link after}. Takes time for what changed since it was asked last. */
  hashAfter(round: number): Uint8Array<ArrayBuffer> {
    const writer = new ByteWriter(1024).byte(0x12);
    for (const until of [...this.#groups.keys()].sort((left, right) => left - right)) {
      if (until <= round) continue;
      let hash = this.#hashes.get(until);
      if (hash === undefined) this.#hashes.set(until, (hash = hashOfIds(this.#ids(until))));
      writer.uint64(until).raw(hash);
    }
    return hashBytes(writer.view());
  }
}

function hashOfIds(ids: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(ids.length * HASH_BYTES + 8).varint(ids.length);
  for (const id of ids) writer.raw(id);
  return hashBytes(writer.view());
}

/** The hash of deploys that were accepted, of which members say that they begin a round with them. */
export function hashOfAccepted(groups: readonly AcceptedGroup[]): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(1024).byte(0x12);
  for (const { until, ids } of groups) writer.uint64(until).raw(hashOfIds(ids));
  return hashBytes(writer.view());
}

/** Writes deploys that were accepted: varint count, for each group until (8), varint count, ids. */
export function writeAccepted(writer: ByteWriter, groups: readonly AcceptedGroup[]): ByteWriter {
  writer.varint(groups.length);
  for (const { until, ids } of groups) {
    writer.uint64(until).varint(ids.length);
    for (const id of ids) writer.raw(id);
  }
  return writer;
}

/** The inverse of {@link writeAccepted}. May be hostile; says so by `failed` of the reader. */
export function readAccepted(reader: ByteReader): readonly AcceptedGroup[] {
  const groups: AcceptedGroup[] = [];
  for (let left = reader.varint(); left > 0 && !reader.failed; left -= 1) {
    const [until, count] = [reader.uint64(), reader.varint()];
    const ids: Uint8Array[] = [];
    for (let more = count; more > 0 && !reader.failed; more -= 1) ids.push(reader.raw(HASH_BYTES));
    groups.push({ until, ids });
  }
  return groups;
}
