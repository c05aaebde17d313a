import { runCommand } from './command.ts';
import { processTerminal } from './terminal.ts';

const words = process.argv.slice(2);
const interrupted = new AbortController();
// Rholang runs in one piece, in which no signal is heard, but for checking; a store may be left at any moment, so Ctrl-C may end the process there.
if (words[0] !== 'rho' || words[1] === 'check') {
  process.once('SIGINT', () => {
    interrupted.abort();
    // A second Ctrl-C ends the process at once.
    process.once('SIGINT', () => process.exit(130));
  });
}
// Whoever reads the output has heard enough, such as `head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 3);
});
process.exitCode = await runCommand(words, processTerminal(words.includes('--json')), interrupted.signal);
