import type { Consume } from '../reduce/space.ts';
import { systemUri } from '../system/system-name.ts';
import type { ReceiveTerm, Term } from '../term/term.ts';

/** What a receive is to metering. */
export type MeteringRole =
  /** It takes a token and lets go on what waits behind it. */
  | 'gate'
  /** It passes a message on to a system process, behind a gate. */
  | 'relay';

// Form is enough in a program that is metered as a whole: the body of each receive that was written is a gate, so no such body has a splitter in it,
// and no such receive sends to a name of the system but through a private one.

function isSplitter(term: Term): boolean {
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
 * What waits behind a gate of metering, under its one variable, which it does not use; `undefined` for a receive that has not the form of a gate.
 *
 * A gate is what {@link meterProgram} puts behind each receive: `for (@n <- tokens where n > 0) { … | process }`.
 */
export function behindGate(
  receive: Pick<ReceiveTerm, 'binds' | 'guard' | 'persistent' | 'body'>,
): readonly Term[] | undefined {
  const { binds, guard, persistent, body } = receive;
  const [bind] = binds;
  if (bind === undefined || binds.length > 1 || persistent || bind.peek || bind.patterns.length !== 1) return undefined;
  if (guard?.kind !== 'binary' || guard.operator !== '>' || guard.left.kind !== 'bound') return undefined;
  if (guard.right.kind !== 'integer' || guard.right.value !== 0n || bind.patterns[0]!.kind !== 'free') return undefined;
  const parts = body.kind === 'par' ? body.parts : [body];
  return parts.some(isSplitter) ? parts.filter((part) => !isSplitter(part)) : undefined;
}

function isRelay(gate: ReceiveTerm, variables: number, environment: readonly Term[]): boolean {
  const [send, ...others] = behindGate(gate) ?? [];
  if (send?.kind !== 'send' || others.length > 0) return false;
  const outer = send.channel.kind === 'bound' ? send.channel.index - variables - gate.variables : -1;
  const channel = outer >= 0 ? environment[environment.length - 1 - outer] : send.channel;
  return systemUri(channel?.kind === 'bundle' ? channel.body : channel) !== undefined;
}

/**
 * Tells the receives that `meterProgram` puts into a program from those of the program itself, by their form, so that the reductions of a metered
 * program can be counted as those of the program that was written: the reductions whose receive has no role here. A receive of a program that is not
 * metered may have the form of a gate.
 *
 * @returns nothing for a receive of the program, or of a system process.
 * @example
 * ```ts
 * import { createRuntime, meteringRole, meterProgram, normalize, parse, tokenChannel, tokenStack } from '@commute/rholang';
 * const tree = parse('new out(`rho:io:stdout`), a in { a!(1) | for (@x <- a) { out!(x) } }');
 * const normal = tree.ok ? normalize(tree.process) : undefined;
 * const channel = tokenChannel(new Uint8Array([1]));
 * const metered = normal?.ok ? meterProgram(normal.term, { channel }) : undefined;
 * if (!metered?.ok) throw new Error('not a program');
 * const runtime = createRuntime();
 * runtime.run(tokenStack(channel, 9n), { seed: new Uint8Array([1]) });
 * let own = 0;
 * const onComm = ({ consume }: { consume: Parameters<typeof meteringRole>[0] }): void => {
 *   if (meteringRole(consume) === undefined) own += 1;
 * };
 * const { comms } = runtime.run(metered.term, { seed: new Uint8Array([2]), onComm });
 * if (own !== 2 || comms !== 5) throw new Error('unexpected count');
 * ```
 */
export function meteringRole(consume: Consume): MeteringRole | undefined {
  const { binds, guard, persistent, continuation, variables } = consume;
  if (continuation.kind === 'system') return undefined;
  const { body, environment } = continuation;
  if (behindGate({ binds, guard, persistent, body }) !== undefined) return 'gate';
  const relays = persistent && guard === undefined && body.kind === 'receive' && isRelay(body, variables, environment);
  return relays ? 'relay' : undefined;
}
