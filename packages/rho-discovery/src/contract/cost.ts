import {
  boundTerm,
  demandOf,
  newTerm,
  parTerm,
  receiveTerm,
  sendTerm,
  stringTerm,
  TermDepthError,
  type AnalysisOptions,
  type ReceiveTerm,
  type Term,
} from '@commute/rholang';
import { behindTokenGate } from './gate.ts';
import type { CallCost } from './interface.ts';
import type { Enclosing, MetContract } from './walk.ts';

/** A channel that everybody can use. */
const PUBLIC = stringTerm('discovery');

function once(receive: ReceiveTerm, body: Term): Term {
  const binds = receive.binds.map((bind) => ({ ...bind, channel: PUBLIC }));
  return receiveTerm(binds, body, false, receive.guard);
}

/** The process under what encloses it, with all names of `new` known to everybody and all receives able to fire. */
function within(term: Term, enclosing: readonly Enclosing[]): Term {
  return enclosing.reduceRight((inner, around) => {
    if (around.kind === 'receive') return once(around, inner);
    const names = Array.from({ length: around.fresh }, (_, index) =>
      boundTerm(around.fresh + around.uris.length - 1 - index),
    );
    return newTerm(around.fresh, around.uris, parTerm([inner, sendTerm(PUBLIC, names)]));
  }, term);
}

function isMetered(receive: ReceiveTerm): boolean {
  return receive.body.kind === 'receive' && behindTokenGate(receive.body) !== undefined;
}

/** What one call of a contract costs in the contract itself: the demand of a program that takes one message as the contract does. */
export function callCost(
  { receive, enclosing }: Pick<MetContract, 'receive' | 'enclosing'>,
  options: Pick<AnalysisOptions, 'systemProcesses'>,
): CallCost {
  let demand: ReturnType<typeof demandOf>;
  try {
    demand = demandOf(within(once(receive, receive.body), enclosing), options);
  } catch (error) {
    if (error instanceof TermDepthError) return { kind: 'unbounded', reason: 'analysis-limit' };
    throw error;
  }
  if (demand.kind === 'unbounded') return { kind: 'unbounded', reason: demand.reason };
  const around = enclosing.filter(({ kind }) => kind === 'receive').length;
  // Behind each receive of a metered contract there is a gate, which is a receive too.
  const reductions = demand.tokens - BigInt(around);
  return { kind: 'bounded', tokens: isMetered(receive) ? reductions / 2n : reductions };
}
