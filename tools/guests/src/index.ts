/**
 * The built sample programs and what each must print for given inputs.
 *
 * @module
 */
export { guestCases, guestCasesOf, type GuestCase } from './cases.ts';
export { readGuest, type HostedName, type StepName } from './files.ts';
export { programNames, type GuestTarget, type ProgramName } from './programs.ts';
