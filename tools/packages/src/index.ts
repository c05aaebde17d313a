/**
 * Checks of the packages as their users get them.
 *
 * @module
 */
export { findChromium, openPage } from './browser.ts';
export { allChangesetProblems, changesetProblems } from './changesets.ts';
export { oldestNode, writeConsumer } from './consumer.ts';
export { anyInDeclarations, anyLines } from './declarations.ts';
export { manifestProblems } from './manifest.ts';
export { bundledSize } from './size.ts';
export { isForBrowsers, readPublished, specifiers, type Manifest, type Published } from './workspace.ts';
