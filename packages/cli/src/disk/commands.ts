import type { Command } from '../command.ts';
import { DISK_RUN, diskRun } from './run.ts';
import { DISK_VERIFY, diskVerify } from './verify.ts';

/** `commute disk`. */
export const DISK_COMMANDS: readonly Command[] = [
  { help: DISK_RUN, act: diskRun },
  { help: DISK_VERIFY, act: diskVerify },
];
