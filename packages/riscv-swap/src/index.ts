/**
 * The layer that joins the fast RISC-V machine and the micro machine.
 *
 * @module
 */
export { GUEST_BASE, GUEST_STACK_POINTER, createGuestLayer, guestPristine } from './guest.ts';
export type { GuestLayerOptions, GuestPristineOptions } from './guest.ts';
export { DEFAULT_LOG2_MICRO_STEPS, interpreterElf, interpreterPristine, interpreterProgram } from './interpreter.ts';
export type { InterpreterPristineOptions } from './interpreter.ts';
export { createRiscvLayer, type RiscvLayer, type RiscvLayerOptions } from './layer.ts';
export { createStack, stackModule, type StackOptions } from './stack.ts';
