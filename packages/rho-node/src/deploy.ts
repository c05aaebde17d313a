import { ed25519 } from '@noble/curves/ed25519.js';
import { ByteReader, ByteWriter, hashBytes } from '@commute/rho-store/bytes';
import { NodeArgumentError } from './errors.ts';
import { KEY_BYTES, type Network } from './network.ts';

const DEPLOY_VERSION = 1;
const SIGNATURE_BYTES = 64;
const MAXIMUM_SALT_BYTES = 32;
const NO_BYTES: Uint8Array<ArrayBuffer> = /* @__PURE__ */ new Uint8Array(0);

/** A program that somebody wants to be run. */
export interface Deploy {
  /** Rholang source text. */
  readonly source: string;
  /** Milliseconds since 1970, as the deployer says; `rho:deploy:data` answers it. */
  readonly timestamp: number;
  /** First round in which it may be accepted. */
  readonly from: number;
  /** Tells otherwise equal deploys apart; at most 32 bytes. */
  readonly salt: Uint8Array;
  /** Ed25519 public key of whoever signed it, or no bytes. */
  readonly deployer: Uint8Array;
  /** Of the id, or no bytes. */
  readonly signature: Uint8Array;
  /** SHA-256 of the network and everything but the signature. */
  readonly id: Uint8Array<ArrayBuffer>;
}

function unsigned(deploy: Omit<Deploy, 'signature' | 'id'>): ByteWriter {
  return new ByteWriter()
    .byte(DEPLOY_VERSION)
    .bytes(new TextEncoder().encode(deploy.source))
    .uint64(deploy.timestamp)
    .uint64(deploy.from)
    .bytes(deploy.salt)
    .bytes(deploy.deployer);
}

function idOf(network: Network, body: Uint8Array): Uint8Array<ArrayBuffer> {
  return hashBytes(new ByteWriter().byte(0x10).raw(network.id).raw(body).finish());
}

/** What a deploy is made of. */
export interface DeployOptions {
  readonly timestamp: number;
  readonly from: number;
  readonly salt: Uint8Array;
  /** Ed25519 secret key of 32 bytes to sign with; unsigned unless told. */
  readonly secretKey?: Uint8Array;
}

/** Makes a deploy for a network, signed if there is a key. */
export function createDeploy(
  network: Network,
  source: string,
  { timestamp, from, salt, secretKey }: DeployOptions,
): Deploy {
  if (salt.length > MAXIMUM_SALT_BYTES)
    throw new NodeArgumentError('salt', 'at most 32 bytes', `${String(salt.length)} bytes`);
  if (!source.isWellFormed()) throw new NodeArgumentError('source', 'well-formed Unicode', 'a lone surrogate');
  const deployer = secretKey === undefined ? NO_BYTES : ed25519.getPublicKey(secretKey);
  const body = { source, timestamp, from, salt, deployer };
  const id = idOf(network, unsigned(body).finish());
  return { ...body, signature: secretKey === undefined ? NO_BYTES : ed25519.sign(id, secretKey), id };
}

/** The bytes of a deploy. Format: `docs/format.md`. */
export function encodeDeploy(deploy: Deploy): Uint8Array<ArrayBuffer> {
  return unsigned(deploy).bytes(deploy.signature).finish();
}

/**
 * The inverse of {@link encodeDeploy}; `undefined` if the bytes are none. Never throws. Does not check the signature: {@link verifyDeploy}.
 */
export function decodeDeploy(network: Network, bytes: Uint8Array): Deploy | undefined {
  const reader = new ByteReader(bytes);
  if (reader.byte() !== DEPLOY_VERSION) return undefined;
  const text = reader.bytes();
  const [timestamp, from, salt, deployer] = [reader.uint64(), reader.uint64(), reader.bytes(), reader.bytes()];
  const signature = reader.bytes();
  if (!reader.atEnd || salt.length > MAXIMUM_SALT_BYTES) return undefined;
  if (deployer.length !== 0 && deployer.length !== KEY_BYTES) return undefined;
  if (signature.length !== (deployer.length === 0 ? 0 : SIGNATURE_BYTES)) return undefined;
  let source: string;
  try {
    source = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(text);
  } catch {
    return undefined;
  }
  const body = { source, timestamp, from, salt, deployer };
  return { ...body, signature, id: idOf(network, unsigned(body).finish()) };
}

/** Tells whether a deploy is unsigned, or signed by its deployer. Never throws. */
export function verifyDeploy({ deployer, signature, id }: Deploy): boolean {
  return deployer.length === 0 || verifySignature(signature, id, deployer);
}

/** Checks an Ed25519 signature strictly; false for a key that is no point. */
export function verifySignature(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  try {
    return ed25519.verify(signature, message, publicKey, { zip215: false });
  } catch {
    return false;
  }
}
