import type { Command } from '../command.ts';
import { RHO_CHECK, rhoCheck } from './check.ts';
import { RHO_COMPILE, rhoCompile } from './compile.ts';
import { RHO_COMPOSE, rhoCompose } from './compose.ts';
import { RHO_CONFLICTS, rhoConflicts } from './conflicts.ts';
import { RHO_DISCOVER, rhoDiscover } from './discover.ts';
import { RHO_HISTORY, rhoHistory } from './history.ts';
import { RHO_AUDIT, rhoAudit } from './node/audit.ts';
import { RHO_KEY, rhoKey, RHO_NETWORK, rhoNetwork } from './node/network.ts';
import { RHO_NODE, rhoNode } from './node/node.ts';
import { RHO_REPL, rhoRepl } from './repl.ts';
import { RHO_PRUNE, rhoPrune } from './prune.ts';
import { RHO_REPLAY, rhoReplay } from './replay.ts';
import { RHO_EVAL, rhoEval, RHO_RUN, rhoRun } from './run.ts';
import { RHO_TOKENS, rhoTokens } from './tokens.ts';
import { RHO_TRACE, rhoTrace } from './trace.ts';
import { RHO_VERIFY, rhoVerify } from './verify.ts';
import { RHO_VIEW, rhoView } from './view.ts';

/** What stands behind `commute rho`. */
export const RHO_COMMANDS: readonly Command[] = [
  { help: RHO_RUN, act: rhoRun },
  { help: RHO_EVAL, act: rhoEval },
  { help: RHO_TRACE, act: rhoTrace },
  { help: RHO_HISTORY, act: rhoHistory },
  { help: RHO_VERIFY, act: rhoVerify },
  { help: RHO_REPLAY, act: rhoReplay },
  { help: RHO_CONFLICTS, act: rhoConflicts },
  { help: RHO_PRUNE, act: rhoPrune },
  { help: RHO_VIEW, act: rhoView },
  { help: RHO_TOKENS, act: rhoTokens },
  { help: RHO_CHECK, act: rhoCheck },
  { help: RHO_COMPILE, act: rhoCompile },
  { help: RHO_DISCOVER, act: rhoDiscover },
  { help: RHO_COMPOSE, act: rhoCompose },
  { help: RHO_REPL, act: rhoRepl },
  { help: RHO_KEY, act: rhoKey },
  { help: RHO_NETWORK, act: rhoNetwork },
  { help: RHO_NODE, act: rhoNode },
  { help: RHO_AUDIT, act: rhoAudit },
];
