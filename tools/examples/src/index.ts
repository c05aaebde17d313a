/**
 * Finds, type-checks and runs the examples of the workspace.
 *
 * @module
 */
export { execute, typeCheck, type Outcomes } from './execute.ts';
export { fromMarkdown, fromSource, type Example, type Extraction } from './extract.ts';
export { collect, placeAll, type Placed } from './place.ts';
