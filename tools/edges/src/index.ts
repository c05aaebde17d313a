/**
 * Which package may depend on which: the table, its check, and the picture of it.
 *
 * @module
 */
export { check, workspaceDependencies, type Violation } from './check.ts';
export { begin, end, render, splice } from './render.ts';
export { readPackages, readTable, scope, type Manifest, type Package, type Row, type Table } from './workspace.ts';
