import { assertInteger } from '@commute/errors';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { ByteReader, ByteWriter, equalBytes, hashBytes, HASH_BYTES } from '../bytes.ts';
import { StoreArgumentError } from '../errors.ts';

/** Most bytes of the salt of a deploy. */
const MAXIMUM_SALT_BYTES = 32;

/** What somebody wants to be run, before it is signed. */
export interface UnsignedDeploy {
  /** Rholang source; empty for a deploy that only brings tokens for another one. */
  readonly source: string;
  /** Name of the source, for people. */
  readonly file: string;
  /** When it was made, in milliseconds since 1970; in `[0, 2^53)`. */
  readonly timestamp: number;
  /** Number of the newest block that its author knew; it may stand in later blocks only, and once. */
  readonly after: number;
  /** Tokens that pay for its reductions, in `[0, 2^53)`; `undefined` if it is not metered. */
  readonly tokens: number | undefined;
  /** Identity of an earlier deploy that gets the tokens. Only if `source` is empty. */
  readonly tokensFor: Uint8Array | undefined;
  /** Identity of the only network in which it may run, 32 bytes; any chain if absent or empty. */
  readonly network?: Uint8Array;
  /** Tells otherwise equal deploys apart, at most 32 bytes; empty if absent. */
  readonly salt?: Uint8Array;
}

/** What somebody wants to be run: the one form in which programs come into blocks, of one party or of a network. */
export interface Deploy extends UnsignedDeploy {
  readonly network: Uint8Array;
  readonly salt: Uint8Array;
  /** Public key of secp256k1, 65 bytes; empty if nobody signed. */
  readonly deployer: Uint8Array;
  /** ECDSA signature, 64 bytes; empty if nobody signed. */
  readonly signature: Uint8Array;
}

const VERSION = 2;
const NONE: Uint8Array = /* @__PURE__ */ new Uint8Array(0);
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

function writeTokens(writer: ByteWriter, tokens: number | undefined): ByteWriter {
  return tokens === undefined ? writer.byte(0) : writer.byte(1).uint64(tokens);
}

/**
 * The identity of a deploy, 32 bytes: a hash of what is run, for whom, where, with how many tokens and after which block, but not of when.
 * Unforgeable names come from it, so the same deploy gives the same state everywhere.
 */
export function deployId(deploy: Deploy): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(deploy.source.length + 200)
    .raw(text('commute-rho-deploy-2'))
    .bytes(text(deploy.source))
    .uint64(deploy.after);
  writeTokens(writer, deploy.tokens)
    .bytes(deploy.tokensFor ?? NONE)
    .bytes(deploy.network)
    .bytes(deploy.salt)
    .bytes(deploy.deployer);
  return hashBytes(writer.finish());
}

/** What is signed: identity, name and time. */
function digestOf(deploy: Deploy): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(200).raw(text('commute-rho-signed-2')).raw(deployId(deploy));
  return hashBytes(writer.bytes(text(deploy.file)).uint64(deploy.timestamp).finish());
}

/** A deploy that is complete but for its signature. */
function completed(deploy: UnsignedDeploy, deployer: Uint8Array): Deploy {
  assertDeploy(deploy);
  return { ...deploy, network: deploy.network ?? NONE, salt: deploy.salt ?? NONE, deployer, signature: NONE };
}

function isNetwork({ length }: Uint8Array): boolean {
  return length === 0 || length === HASH_BYTES;
}

function assertDeploy(deploy: UnsignedDeploy): void {
  for (const name of ['timestamp', 'after'] as const)
    assertInteger('RHO_STORE_ARGUMENT_RANGE', name, deploy[name], 0, Number.MAX_SAFE_INTEGER);
  if (deploy.tokens !== undefined)
    assertInteger('RHO_STORE_ARGUMENT_RANGE', 'tokens', deploy.tokens, 0, Number.MAX_SAFE_INTEGER);
  for (const name of ['source', 'file'] as const)
    if (new TextDecoder('utf-8', { ignoreBOM: true }).decode(text(deploy[name])) !== deploy[name])
      throw new StoreArgumentError(name, 'text without half characters', 'a lone surrogate');
  const { network = NONE, salt = NONE } = deploy;
  if (!isNetwork(network))
    throw new StoreArgumentError('network', '32 bytes or none', `${String(network.length)} bytes`);
  if (salt.length > MAXIMUM_SALT_BYTES)
    throw new StoreArgumentError('salt', 'at most 32 bytes', `${String(salt.length)} bytes`);
  if (deploy.tokensFor === undefined) return;
  if (deploy.tokensFor.length !== HASH_BYTES)
    throw new StoreArgumentError('tokensFor', '32 bytes', `${String(deploy.tokensFor.length)} bytes`);
  if (deploy.source !== '') throw new StoreArgumentError('source', 'nothing beside tokensFor', 'a program');
}

/**
 * A deploy that nobody signed: `rho:rchain:deployerId` and the like give an empty key.
 *
 * @throws StoreArgumentError if tokens for another deploy come with a program.
 */
export function unsignedDeploy(deploy: UnsignedDeploy): Deploy {
  return completed(deploy, NONE);
}

/**
 * Signs a deploy.
 *
 * @param secretKey - of secp256k1, 32 bytes.
 * @throws StoreArgumentError if the key is none, or tokens for another deploy come with a program.
 * @example
 * ```ts
 * import { signDeploy, verifyDeploy } from '@commute/rho-store';
 * const unsigned = { source: '@1!(2)', file: 'a.rho', timestamp: 0, after: 0, tokens: 9, tokensFor: undefined };
 * const deploy = signDeploy(unsigned, new Uint8Array(32).fill(7));
 * if (!verifyDeploy(deploy) || verifyDeploy({ ...deploy, tokens: 10 })) throw new Error('unexpected answer');
 * ```
 */
export function signDeploy(deploy: UnsignedDeploy, secretKey: Uint8Array): Deploy {
  if (!secp256k1.utils.isValidSecretKey(secretKey))
    throw new StoreArgumentError('secretKey', 'a secret key of secp256k1, 32 bytes', 'something else');
  const signed = completed(deploy, secp256k1.getPublicKey(secretKey, false));
  return { ...signed, signature: secp256k1.sign(digestOf(signed), secretKey, { prehash: false }) };
}

/** Tells whether the signature of a deploy is good; one that nobody signed is good too. Never throws. */
export function verifyDeploy(deploy: Deploy): boolean {
  if (deploy.deployer.length === 0) return deploy.signature.length === 0;
  try {
    return secp256k1.verify(deploy.signature, digestOf(deploy), deploy.deployer, { prehash: false });
  } catch {
    return false;
  }
}

/** The bytes of a deploy: format in `docs/format.md`, section Blocks. */
export function encodeDeploy(deploy: Deploy): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(deploy.source.length + 256)
    .byte(VERSION)
    .bytes(text(deploy.source))
    .bytes(text(deploy.file))
    .uint64(deploy.timestamp)
    .uint64(deploy.after);
  return writeTokens(writer, deploy.tokens)
    .bytes(deploy.tokensFor ?? NONE)
    .bytes(deploy.network)
    .bytes(deploy.salt)
    .bytes(deploy.deployer)
    .bytes(deploy.signature)
    .finish();
}

/** The inverse of {@link encodeDeploy}; `undefined` if the bytes are none. Accepts only what it would write. */
export function decodeDeploy(bytes: Uint8Array): Deploy | undefined {
  const reader = new ByteReader(bytes);
  if (reader.byte() !== VERSION) return undefined;
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const [source, file] = [decoder.decode(reader.bytes()), decoder.decode(reader.bytes())];
  const [timestamp, after] = [reader.uint64(), reader.uint64()];
  const tokens = reader.byte() === 0 ? undefined : reader.uint64();
  const [payee, network, salt] = [reader.bytes(), reader.bytes(), reader.bytes()];
  const [deployer, signature] = [reader.bytes(), reader.bytes()];
  if (!reader.atEnd || (payee.length > 0 && (payee.length !== HASH_BYTES || source !== ''))) return undefined;
  if (!isNetwork(network) || salt.length > MAXIMUM_SALT_BYTES) return undefined;
  const tokensFor = payee.length === 0 ? undefined : payee;
  const deploy = { source, file, timestamp, after, tokens, tokensFor, network, salt, deployer, signature };
  return equalBytes(encodeDeploy(deploy), bytes) ? deploy : undefined;
}
