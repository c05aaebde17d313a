/*
 * Runs before each test file: properties draw their cases from the seed of the run, not from the time of day.
 */
import fc from 'fast-check';
import { beforeEach } from 'vitest';
import { countDrawn, currentSeed } from './seed.ts';

fc.installGlobalPlugin(() => ({ onAllRunsComplete: ({ numRuns }) => countDrawn(numRuns) }));

const configure = (): void => fc.configureGlobal({ seed: currentSeed() });

configure();
// A soak repeats a test with another seed.
beforeEach(configure);
