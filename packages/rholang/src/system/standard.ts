import { ed25519 } from '@noble/curves/ed25519.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { blake2b } from '@noble/hashes/blake2.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { EvaluationFailure } from '../evaluate/failure.ts';
import { booleanTerm, bytesTerm, integerTerm, nilTerm } from '../term/build.ts';
import { printTerm } from '../term/to-syntax.ts';
import { deployerTerm, publicKeyOf } from './deployer.ts';
import { registryProcesses } from './registry.ts';
import { answer, bytesArgument, rejectArguments, type SystemProcess } from './system-process.ts';

function output(stream: 'stdout' | 'stderr'): SystemProcess[] {
  return [
    {
      uri: `rho:io:${stream}`,
      arity: 1,
      run: ([value], { write }) => {
        write(stream, printTerm(value!));
        return nilTerm();
      },
    },
    {
      uri: `rho:io:${stream}Ack`,
      arity: 2,
      run: ([value, reply], { write }) => {
        write(stream, printTerm(value!));
        return answer(reply, nilTerm());
      },
    },
  ];
}

function hash(uri: string, digest: (bytes: Uint8Array) => Uint8Array): SystemProcess {
  return { uri, arity: 2, run: ([data, reply]) => answer(reply, bytesTerm(digest(bytesArgument(uri, data)))) };
}

/** Tells whether a signature is good; malformed keys and signatures are not. */
function verified(verify: () => boolean): boolean {
  try {
    return verify();
  } catch {
    return false;
  }
}

/** Checks an ECDSA signature, in DER or as 64 bytes, of a 32-byte hash on secp256k1. */
export function verifySecp256k1(digest: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
  if (digest.length !== 32) return false;
  const format = signature.length === 64 ? 'compact' : 'der';
  return verified(() => secp256k1.verify(signature, digest, publicKey, { prehash: false, lowS: false, format }));
}

function signature(
  uri: string,
  verify: (data: Uint8Array, signature: Uint8Array, publicKey: Uint8Array) => boolean,
): SystemProcess {
  return {
    uri,
    arity: 4,
    run: ([data, signed, key, reply]) => {
      const good = verify(bytesArgument(uri, data), bytesArgument(uri, signed), bytesArgument(uri, key));
      return answer(reply, booleanTerm(good));
    },
  };
}

function deployerOperations(uri: string): SystemProcess {
  return {
    uri,
    arity: 3,
    run: ([command, deployer, reply]) => {
      if (command?.kind !== 'string' || command.value !== 'pubKeyBytes')
        return rejectArguments(uri, '"pubKeyBytes"', command);
      const publicKey = publicKeyOf(deployer);
      return answer(reply, publicKey === undefined ? nilTerm() : bytesTerm(publicKey));
    },
  };
}

/** The system processes that every runtime has: `rho:io:*`, `rho:crypto:*`, `rho:registry:*`, `rho:block:data` and the like. */
export function standardProcesses(): readonly SystemProcess[] {
  return [
    ...output('stdout'),
    ...output('stderr'),
    { uri: 'rho:io:devNull', arity: 1, run: () => nilTerm() },
    hash('rho:crypto:sha256Hash', (bytes) => sha256(bytes)),
    hash('rho:crypto:keccak256Hash', (bytes) => keccak_256(bytes)),
    hash('rho:crypto:blake2b256Hash', (bytes) => blake2b(bytes, { dkLen: 32 })),
    signature('rho:crypto:ed25519Verify', (data, signed, key) => verified(() => ed25519.verify(signed, data, key))),
    signature('rho:crypto:secp256k1Verify', verifySecp256k1),
    {
      uri: 'rho:block:data',
      arity: 1,
      run: ([reply], { block }) =>
        answer(reply, integerTerm(block.number), integerTerm(block.timestamp), bytesTerm(block.sender)),
    },
    {
      uri: 'rho:deploy:data',
      arity: 1,
      run: ([reply], { deploy }) =>
        answer(reply, integerTerm(deploy.timestamp), deployerTerm(deploy.deployer), bytesTerm(deploy.id)),
    },
    deployerOperations('rho:rchain:deployerId:ops'),
    deployerOperations('rho:system:deployerId:ops'),
    {
      uri: 'rho:execution:abort',
      arity: 1,
      run: ([value]) => {
        throw new EvaluationFailure('system-process', `rho:execution:abort: ${printTerm(value!)}`);
      },
    },
    ...registryProcesses(verifySecp256k1),
  ];
}
