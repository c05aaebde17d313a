import { BaseError } from '@commute/errors';

/** Exit codes of the command. */
export const EXIT = {
  /** Done, and everything agreed. */
  ok: 0,
  /** Refused: the machines differ, a program trapped, a dispute found nobody honest, a file is damaged. */
  rejected: 1,
  /** The command line is wrong. */
  usage: 2,
  /** A fault of this program or of the system below it. */
  internal: 3,
} as const;

/** An exit code of the command. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The command line is wrong: exit code 2. */
export class UsageError extends BaseError<'CLI_USAGE', { argument: string }> {
  constructor(argument: string, message: string) {
    super('CLI_USAGE', message, { argument });
  }
}

/** What was given is refused: exit code 1. */
export class RejectedError extends BaseError<'CLI_REJECTED', { subject: string; reason: string }> {
  constructor(subject: string, reason: string) {
    super('CLI_REJECTED', `${subject}: ${reason}`, { subject, reason });
  }
}
