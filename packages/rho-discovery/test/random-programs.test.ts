import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRuntime, listTerm, matchPattern, MemorySpace, printTerm, termKey, type Term } from '@commute/rholang';
import { anyClosedProgram } from '@commute/rholang/conformance';
import { walkProgram } from '../src/contract/walk.ts';
import { interfaceOf, readProgram } from '../src/index.ts';

/** Tells whether a program runs values, which may then send what its own text does not. */
function runsValues(term: Term): boolean {
  switch (term.kind) {
    case 'par':
      return term.parts.some(runsValues);
    case 'receive':
    case 'new':
    case 'bundle':
      return runsValues(term.body);
    case 'match':
      return term.cases.some(({ body }) => runsValues(body));
    case 'bound':
    case 'method':
    case 'binary':
    case 'unary':
      return true;
    default:
      return false;
  }
}

/** Tells whether a program sends on names that it receives. */
function sendsAnywhere(term: Term): boolean {
  return walkProgram(term).sends.some(({ channel, channelTerm }) => {
    if (channel.name === undefined) return channelTerm.scope > 0;
    return channel.name.kind === 'argument';
  });
}

test('what random programs send is described', () => {
  let messages = 0;
  fc.assert(
    fc.property(anyClosedProgram, (source) => {
      const program = readProgram(source, 'random.rho');
      if (!program.ok) return;
      const { term } = program;
      const { calls } = interfaceOf(term);
      if (runsValues(term) || sendsAnywhere(term)) return;
      const space = new MemorySpace();
      const run = createRuntime({ space }).run(term, { seed: new Uint8Array(32), maximumComms: 500 });
      if (!run.ok) return;
      for (const { channel, data } of space.entries()) {
        // Private names, and what the registry keeps.
        if (channel.kind === 'unforgeable' || channel.kind === 'tuple') continue;
        for (const datum of data) {
          const message = listTerm(datum.data);
          messages += 1;
          const described = calls.some(
            (call) =>
              call.channel.kind !== 'uri' &&
              termKey(call.channel.name) === termKey(channel) &&
              matchPattern(call.message, message).ok,
          );
          expect(described, `${printTerm(term)} sends ${printTerm(message)} on ${printTerm(channel)}`).toBe(true);
        }
      }
    }),
    { numRuns: Number(process.env['RHO_DISCOVERY_RUNS'] ?? 800) },
  );
  expect(messages).toBeGreaterThan(0);
});
