import { createFieldEngineSync, type WasmEngine } from '@commute/field';
import { preprocess } from '@commute/stark';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createChainSystem, createMachineProgram, createProgram } from '../src/index.ts';
import { call, image } from './assemble.ts';

let engine: WasmEngine;
beforeAll(() => {
  engine = createFieldEngineSync();
});
afterAll(() => {
  engine.dispose();
});

describe('the commitment to the tables that are the same for every program', () => {
  it.each([1, 2, 3, 4])('is the one that is written down, for a blowup of 2^%i', (logBlowup) => {
    const options = { logBlowup, maximumDegree: 3, maximumLogRows: 16, securityBits: 40, engine };
    const program = createMachineProgram(createProgram(image(call(93, 7)), { multiply: true }));
    const { segments, preprocessed } = createChainSystem(program, options);
    const known = program.common!.root(segments);
    expect(known === undefined).toBe(logBlowup === 4);
    // Computed with nothing known.
    expect(preprocess(engine, segments, program.fixedTraces!(segments))).toEqual(preprocessed);
  });

  it('is not said to be known where columns are hidden', () => {
    const program = createMachineProgram(createProgram(image(call(93, 7))));
    const { segments } = createChainSystem(program, { securityBits: 40, queryWork: 2, maximumLogRows: 16, engine });
    const hiding = { column: 1, piece: 1 };
    expect(program.common!.root({ ...segments, hiding })).toBeUndefined();
  });
});
