import { assemble } from './assemble.ts';
import { decodeBytecode, type BytecodeReason } from './decode.ts';
import { encodeCore } from './encode.ts';
import type { BytecodeProgram } from './program.ts';
import { lower, LowerLimitError } from '../ir/lower.ts';
import { optimize } from '../optimize/optimize.ts';

/** A program whose code does what its term does, or why the bytes are none. */
export type VerifyBytecodeResult =
  | { readonly ok: true; readonly program: BytecodeProgram }
  | {
      readonly ok: false;
      /** `other-code` if the compiler makes other code of the term. */
      readonly reason: BytecodeReason | 'other-code';
    };

/**
 * Reads bytecode that anybody may have sent, and accepts it only if compiling its term with its passes gives the same code. Compilation is
 * deterministic, so that is the proof. Places in the source are not compared: they are for messages alone.
 *
 * @example
 * ```ts
 * import { compile, encodeBytecode, verifyBytecode } from '@commute/rosette';
 * const result = compile('@"a"!(1 + 2)');
 * if (!result.ok || !verifyBytecode(encodeBytecode(result.bytecode)).ok) throw new Error('not verified');
 * ```
 */
export function verifyBytecode(bytes: Uint8Array): VerifyBytecodeResult {
  const decoded = decodeBytecode(bytes);
  if (!decoded.ok) return { ok: false, reason: decoded.reason };
  const { program } = decoded;
  const own = compiled(program);
  if (own === undefined) return { ok: false, reason: 'other-code' };
  const core = encodeCore(program);
  const same = own.length === core.length && own.every((byte, index) => byte === core[index]);
  return same ? { ok: true, program } : { ok: false, reason: 'other-code' };
}

/** What the compiler makes of the term of a program; nothing if it makes nothing of it. */
function compiled({ term, passes }: BytecodeProgram): Uint8Array | undefined {
  try {
    return encodeCore(assemble(optimize(lower(term), passes), passes));
  } catch (error) {
    if (error instanceof LowerLimitError) return undefined;
    throw error;
  }
}
