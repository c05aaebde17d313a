/**
 * A model checker for Rholang.
 *
 * @module
 */

export { checkProcess, MAXIMUM_PROPERTIES } from './check.ts';
export { CheckArgumentError } from './errors.ts';
export { splitProperties } from './property/split.ts';
export { renderFinding, renderTrace } from './render.ts';
export { replayTrace, type ReplayOptions, type ReplayResult } from './replay.ts';
export {
  CHECK_NAMES,
  DEFAULT_CHECKS,
  type BoundName,
  type Bounds,
  type CheckDiagnostic,
  type CheckName,
  type CheckOptions,
  type CheckProgress,
  type CheckResult,
  type Finding,
  type GraphSummary,
  type Program,
  type ProgramPart,
  type Trace,
  type TraceMessage,
  type TraceProcess,
  type TraceStep,
} from './report.ts';
