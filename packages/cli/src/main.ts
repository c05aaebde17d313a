import { runCommand } from './command.ts';
import { processTerminal } from './terminal.ts';

const words = process.argv.slice(2);
const interrupted = new AbortController();
process.once('SIGINT', () => {
  interrupted.abort();
  // A second Ctrl-C ends the process at once.
  process.once('SIGINT', () => process.exit(130));
});
process.exitCode = await runCommand(words, processTerminal(words.includes('--json')), interrupted.signal);
