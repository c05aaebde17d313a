/**
 * The `commute` command as a function.
 *
 * @module
 */
export { runCommand } from './command.ts';
export { EXIT, RejectedError, UsageError, type ExitCode } from './failure.ts';
export { processTerminal, type Terminal } from './terminal.ts';
