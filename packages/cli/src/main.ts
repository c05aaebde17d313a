import { runCommand } from './command.ts';
import { EXIT } from './failure.ts';
import { processTerminal } from './terminal.ts';

const words = process.argv.slice(2);
const interrupted = new AbortController();
// Rholang runs in one piece, in which no signal is heard, but for checking; a store may be left at any moment, so Ctrl-C may end the process there.
if (words[0] !== 'rho' || words[1] === 'check') {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      interrupted.abort();
      // A second Ctrl-C ends the process at once.
      process.once(signal, () => process.exit(130));
    });
  }
}
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever reads the output has heard enough, such as `head`.
  if (error.code === 'EPIPE') process.exit(0);
  process.stderr.write(`commute: standard output: expected room for the result, got ${error.code ?? error.message}\n`);
  process.exit(EXIT.internal);
});
process.exitCode = await runCommand(words, processTerminal(words.includes('--json')), interrupted.signal);
