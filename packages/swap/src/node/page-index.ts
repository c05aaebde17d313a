import { ADDRESS_BYTES } from './log-format.ts';

/** The content addresses of the pages in a pack, by number, and the numbers by content address. */
export class PageIndex {
  #addresses = new Uint8Array(1024 * ADDRESS_BYTES);
  #view = new DataView(this.#addresses.buffer);
  #length = 0;
  /** Numbers by the first 48 bits of the address; of two that agree in them, only the first is found again. */
  readonly #numbers = new Map<number, number>();

  /** Number of pages. */
  get length(): number {
    return this.#length;
  }

  /** The content address of a page; a view, not to be changed. */
  address(number: number): Uint8Array {
    return this.#addresses.subarray(number * ADDRESS_BYTES, (number + 1) * ADDRESS_BYTES);
  }

  /** The number of the page with this content address. */
  find(address: Uint8Array): number | undefined {
    const number = this.#numbers.get(keyOf(viewOf(address), 0));
    return number !== undefined && this.matches(number, address) ? number : undefined;
  }

  /** Tells whether page `number` has this content address. */
  matches(number: number, address: Uint8Array): boolean {
    const at = number * ADDRESS_BYTES;
    for (let i = 0; i < ADDRESS_BYTES; i++) if (this.#addresses[at + i] !== address[i]) return false;
    return true;
  }

  /** Adds pages, whose addresses follow one another in `addresses`. */
  add(addresses: Uint8Array): void {
    const count = addresses.length / ADDRESS_BYTES;
    while ((this.#length + count) * ADDRESS_BYTES > this.#addresses.length) {
      const longer = new Uint8Array(2 * this.#addresses.length);
      longer.set(this.#addresses);
      this.#addresses = longer;
      this.#view = new DataView(longer.buffer);
    }
    this.#addresses.set(addresses, this.#length * ADDRESS_BYTES);
    for (let i = 0; i < count; i++) {
      const number = this.#length++;
      const key = keyOf(this.#view, number * ADDRESS_BYTES);
      if (!this.#numbers.has(key)) this.#numbers.set(key, number);
    }
  }
}

function keyOf(view: DataView, at: number): number {
  return view.getUint32(at, true) * 65536 + view.getUint16(at + 4, true);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
