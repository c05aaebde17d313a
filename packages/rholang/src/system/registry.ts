import { blake2b } from '@noble/hashes/blake2.js';
import { normalize } from '../normalize/normalize.ts';
import { parse } from '../syntax/parse.ts';
import { mapTerm, nilTerm, parTerm, sendTerm, tupleTerm, unforgeableTerm, uriTerm } from '../term/build.ts';
import { bytesFromBinary, encodeTerm } from '../term/encode.ts';
import type { SendTerm, Term } from '../term/term.ts';
import { substitute } from '../term/transform.ts';
import { answer, bytesArgument, rejectArguments, type SystemProcess } from './system-process.ts';

type Verify = (digest: Uint8Array, signature: Uint8Array, publicKey: Uint8Array) => boolean;

const ALPHABET = 'ybndrfg8ejkmcpqxot1uwisza345h769';

/** Text of 52 letters and digits for 32 bytes. */
function base32(bytes: Uint8Array): string {
  let text = '';
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(buffer >> bits) & 31]!;
      buffer &= (1 << bits) - 1;
    }
  }
  return bits === 0 ? text : text + ALPHABET[(buffer << (5 - bits)) & 31]!;
}

/** The URI under which the registry keeps what belongs to some bytes, such as a public key. */
export function registryUri(bytes: Uint8Array): string {
  return `rho:id:${base32(blake2b(bytes, { dkLen: 32 }))}`;
}

/** Holds a map from URI to the greatest nonce that was used to sign an entry. */
function nonces(): Term {
  return unforgeableTerm('registry');
}

/** The channel on which the value of a URI waits. Unforgeable, because a part of it is. */
function slot(uri: Term): Term {
  return tupleTerm([nonces(), uri]);
}

/** What a store holds before anything was registered: the empty map of nonces. */
export function registryGenesis(): SendTerm {
  return sendTerm(nonces(), [mapTerm([])]);
}

const LOOKUP = `for (@value <<- @slot) { @reply!(value) }`;
const INSERT_SIGNED = `
  for (@map <- @nonces) {
    if (map.getOrElse(uri, -1) < nonce) {
      @nonces!(map.set(uri, nonce)) |
      if (map.contains(uri)) { for (_ <- @slot) { @slot!((nonce, value)) | @reply!(uri) } }
      else { @slot!((nonce, value)) | @reply!(uri) }
    } else { @nonces!(map) | @reply!(Nil) }
  }`;

/** The body of a process over variables, from its source. */
function template(variables: readonly string[], body: string): (...values: readonly Term[]) => Term {
  let parsed: Term | undefined;
  return (...values) => {
    if (parsed === undefined) {
      const tree = parse(`match Nil { [${variables.join(', ')}] => { ${body} } }`);
      const result = tree.ok ? normalize(tree.process) : undefined;
      if (result?.ok !== true || result.term.kind !== 'match')
        throw new Error('unreachable: the template is a program');
      parsed = result.term.cases[0]!.body;
    }
    return substitute(parsed, values);
  };
}

/** The registry: values under URIs, entered once by anybody or again and again by the owner of a key. */
export function registryProcesses(verify: Verify): readonly SystemProcess[] {
  const lookup = template(['slot', 'reply'], LOOKUP);
  const insertSigned = template(['nonces', 'slot', 'uri', 'nonce', 'value', 'reply'], INSERT_SIGNED);
  const signedUri = 'rho:registry:insertSigned:secp256k1';
  return [
    {
      uri: 'rho:registry:lookup',
      arity: 2,
      run: ([uri, reply]) => {
        if (uri?.kind !== 'uri') return rejectArguments('rho:registry:lookup', 'Uri', uri);
        return lookup(slot(uri), reply!);
      },
    },
    {
      uri: 'rho:registry:insertArbitrary',
      arity: 2,
      run: ([value, reply], { freshName }) => {
        const name = freshName(0);
        const uri = uriTerm(registryUri(name.kind === 'unforgeable' ? bytesFromBinary(name.id) : encodeTerm(name)));
        return parTerm([sendTerm(slot(uri), [value!]), answer(reply, uri)]);
      },
    },
    {
      uri: signedUri,
      arity: 4,
      run: ([key, entry, signature, reply]) => {
        const publicKey = bytesArgument(signedUri, key);
        const signed = bytesArgument(signedUri, signature);
        if (entry?.kind !== 'tuple' || entry.elements.length !== 2)
          return rejectArguments(signedUri, '(nonce, value)', entry);
        const [nonce, value] = entry.elements;
        if (nonce?.kind !== 'integer') return rejectArguments(signedUri, 'a nonce of Int', nonce);
        if (!verify(blake2b(encodeTerm(entry), { dkLen: 32 }), signed, publicKey)) return answer(reply, nilTerm());
        const uri = uriTerm(registryUri(publicKey));
        return insertSigned(nonces(), slot(uri), uri, nonce, value!, reply!);
      },
    },
    {
      uri: 'rho:registry:ops',
      arity: 3,
      run: ([command, bytes, reply]) => {
        if (command?.kind !== 'string' || command.value !== 'buildUri') {
          return rejectArguments('rho:registry:ops', '"buildUri"', command);
        }
        return answer(reply, bytes?.kind === 'bytes' ? uriTerm(registryUri(bytes.value)) : nilTerm());
      },
    },
  ];
}
