import { unforgeableTerm } from '../term/build.ts';
import { binaryFromBytes, bytesFromBinary } from '../term/encode.ts';
import type { Term } from '../term/term.ts';

const MARK = 'deployer:';

/** The unforgeable name that stands for the owner of a public key. */
export function deployerTerm(publicKey: Uint8Array): Term {
  return unforgeableTerm(MARK + binaryFromBytes(publicKey));
}

/** The public key of the owner that a name stands for, if it stands for one. */
export function publicKeyOf(deployer: Term | undefined): Uint8Array<ArrayBuffer> | undefined {
  if (deployer?.kind !== 'unforgeable' || !deployer.id.startsWith(MARK)) return undefined;
  return bytesFromBinary(deployer.id.slice(MARK.length));
}
