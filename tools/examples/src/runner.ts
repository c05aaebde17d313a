// Runs in a process of its own: imports the files named on the command line in turn and reports on each.
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import type { Report } from './execute.ts';

function report(message: Report): Promise<void> {
  return new Promise((resolve) => process.send!(message, () => resolve()));
}

for (const [index, file] of process.argv.slice(2).entries()) {
  await report({ started: index });
  let error: string | undefined;
  try {
    await import(pathToFileURL(file).href);
  } catch (thrown) {
    error = thrown instanceof Error ? (thrown.stack ?? thrown.message) : inspect(thrown);
  }
  await report(error === undefined ? { finished: index } : { finished: index, error });
}
// An example may leave a worker or a timer behind; it must not keep this process.
process.exit(0);
