/** What checking a proof of steps gives: the root after them, or why the proof proves nothing. */
export type StepVerdict =
  { readonly ok: true; readonly rootAfter: Uint8Array } | { readonly ok: false; readonly reason: string };

/**
 * Checks one step of the lowest machine: does what the step does on the leaves that `proof` opens against `rootBefore`.
 * Needs no machine, never throws on any bytes; `verifyStep` of `@commute/micro-riscv` is one.
 */
export type StepVerifier = (rootBefore: Uint8Array, proof: Uint8Array) => StepVerdict;
