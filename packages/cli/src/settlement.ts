import { createSettlement, type Settlement } from '@commute/continuation';
import { createFieldEngine } from '@commute/field';
import { hasherByName } from '@commute/machine';
import { createRiscvLayer, interpreterProgram } from '@commute/riscv-swap';
import type { StackOptions } from './stack-module.ts';

/** A settlement that whoever opened it has to close. */
export interface OpenSettlement extends Settlement {
  readonly close: () => void;
}

/** Settles a step of the fast machine by one proof of all its micro-steps. Takes a second or so to prepare. */
export async function openSettlement({ hash, log2MicroSteps }: StackOptions): Promise<OpenSettlement> {
  const { auxiliary } = createRiscvLayer({ hasher: hasherByName(hash), log2MicroSteps });
  const engine = await createFieldEngine();
  const settlement = createSettlement({ engine, interpreter: interpreterProgram(), pristine: auxiliary });
  return {
    ...settlement,
    close: () => {
      engine.dispose();
    },
  };
}
