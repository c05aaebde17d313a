import type { ReceiveTerm, Term } from '@commute/rholang';

function takesOne(term: Term): boolean {
  if (term.kind !== 'match' || term.target.kind !== 'bound' || term.cases.length !== 3) return false;
  const [one, two, more] = term.cases;
  return (
    one?.pattern.kind === 'integer' &&
    one.pattern.value === 1n &&
    one.body.kind === 'nil' &&
    two?.pattern.kind === 'integer' &&
    two.pattern.value === 2n &&
    more?.pattern.kind === 'wildcard'
  );
}

/**
 * What waits behind a gate of metering, under its one variable, which it does not use; `undefined` for a receive that is no gate.
 *
 * A gate is what `meterProgram` puts behind each receive: `for (@n <- tokens where n > 0) { … | process }`.
 */
export function behindGate({ binds, guard, persistent, body }: ReceiveTerm): readonly Term[] | undefined {
  const [bind] = binds;
  if (bind === undefined || binds.length > 1 || persistent || bind.peek) return undefined;
  if (bind.patterns.length !== 1 || bind.patterns[0]!.kind !== 'free' || bind.channel.kind !== 'unforgeable')
    return undefined;
  if (guard?.kind !== 'binary' || guard.operator !== '>' || guard.left.kind !== 'bound') return undefined;
  if (guard.right.kind !== 'integer' || guard.right.value !== 0n) return undefined;
  const parts = body.kind === 'par' ? body.parts : [body];
  return parts.some(takesOne) ? parts.filter((part) => !takesOne(part)) : undefined;
}
