import fc from 'fast-check';
import { INSTRUCTIONS, Program, type InstructionDefinition, type StackVMLoadOptions } from '../src/index.ts';
import { element } from './support.ts';

/** A program with everything it may read. */
export interface RandomRun {
  readonly program: Program;
  readonly inputs: StackVMLoadOptions;
}

const argumentOf = (instruction: InstructionDefinition): fc.Arbitrary<readonly bigint[]> => {
  switch (instruction.argument) {
    case 'none':
      return fc.constant([]);
    case 'count':
      return fc.bigInt({ min: 1n, max: 5n }).map((each) => [each]);
    case 'register':
      return fc.bigInt({ min: 0n, max: 15n }).map((each) => [each]);
    case 'address':
      return fc.oneof(fc.bigInt({ min: 0n, max: 60n }), element).map((each) => [each]);
    case 'element':
      return element.map((each) => [each]);
  }
};

const instruction: fc.Arbitrary<readonly bigint[]> = fc
  .constantFrom(...INSTRUCTIONS.filter(({ name }) => name !== 'halt'))
  .chain((each) => argumentOf(each).map((argument) => [BigInt(each.opcode), ...argument]));
/** Pushes something small, so that later instructions find operands they can use. */
const small = fc.oneof(fc.bigInt({ min: 0n, max: 3n }), element).map((each) => [1n, each]);

/** Random programs that begin with a number of elements on the stack; most of them trap in the end. */
export const randomRun: fc.Arbitrary<RandomRun> = fc
  .record({
    start: fc.array(small, { minLength: 4, maxLength: 30 }),
    body: fc.array(fc.oneof({ weight: 4, arbitrary: instruction }, { weight: 1, arbitrary: small }), { maxLength: 60 }),
    sponge: fc.boolean(),
    junk: fc.array(element, { maxLength: 2 }),
    publicInput: fc.array(element, { maxLength: 20 }),
    secretInput: fc.array(element, { maxLength: 20 }),
    digests: fc.array(fc.array(element, { minLength: 5, maxLength: 5 }), { maxLength: 6 }),
    ram: fc.array(fc.tuple(fc.oneof(element, fc.bigInt({ min: 0n, max: 12n })), element), { maxLength: 30 }),
  })
  .map(({ start, body, sponge, junk, publicInput, secretInput, digests, ram }) => ({
    program: new Program([...(sponge ? [40n] : []), ...start.flat(), ...body.flat(), ...junk, 0n]),
    inputs: { publicInput, secretInput, digests, ram },
  }));
