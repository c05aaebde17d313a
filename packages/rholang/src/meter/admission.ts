import type { Demand } from '../analyze/demand.ts';

/** Whether a deploy may start with the tokens it has. */
export type Admission =
  | {
      readonly ok: true;
      /** Tokens that are left over even in the dearest run. */
      readonly spare: bigint;
    }
  | {
      readonly ok: false;
      readonly reason: 'unbounded' | 'short';
      /** Tokens that are missing; nothing if the demand has no bound. */
      readonly missing: bigint | undefined;
    };

/**
 * Admits a deploy if its demand is bounded and at most its supply, so that it never waits for tokens.
 *
 * A deploy without a bound can still be run by a caller who accepts that it may stop and wait.
 *
 * @param supply - tokens on the channel of the deploy.
 */
export function admit(demand: Demand, supply: bigint): Admission {
  if (demand.kind === 'unbounded') return { ok: false, reason: 'unbounded', missing: undefined };
  if (demand.tokens > supply) return { ok: false, reason: 'short', missing: demand.tokens - supply };
  return { ok: true, spare: supply - demand.tokens };
}
