import { assertShape } from './checks.ts';
import { type ExtensionEngine, type FieldEngine } from './engine.ts';
import { type ExtensionElement, type ExtensionField } from './extension-field.ts';
import { type Matrix } from './matrix.ts';

/** What an engine brings of its own; operands are checked before. */
export interface ExtensionPrimitives {
  readonly multiplyInto: (out: Matrix, a: Matrix, b: Matrix) => void;
  readonly scaleInto: (out: Matrix, a: Matrix, scalar: ExtensionElement) => void;
  /** Where the engine has it; `out` has rows. */
  readonly powersInto?: (out: Matrix, base: ExtensionElement, start: ExtensionElement) => void;
}

/** Extension arithmetic on top of an engine's own and of its two extension kernels. */
export function createExtensionEngine(
  engine: FieldEngine,
  field: ExtensionField,
  primitives: ExtensionPrimitives,
): ExtensionEngine {
  const { degree } = field;
  const check = (...matrices: readonly Matrix[]): void => {
    for (const matrix of matrices) assertShape('extension operand', matrix, matrices[0]!.rows, degree);
  };
  const columnsOf = (a: Matrix): Matrix[] => Array.from({ length: degree }, (_, k) => a.column(k));

  const multiplyInto = (out: Matrix, a: Matrix, b: Matrix): void => {
    check(out, a, b);
    primitives.multiplyInto(out, a, b);
  };

  const scaleInto = (out: Matrix, a: Matrix, scalar: ExtensionElement): void => {
    check(out, a);
    primitives.scaleInto(out, a, field.element(scalar));
  };

  /** out = the Frobenius map of a, which is linear on the coefficients. */
  const conjugateInto = (out: Matrix, a: Matrix): void => {
    columnsOf(out).forEach((column, i) => {
      engine.combineInto(
        column,
        a,
        field.frobenius.map((row) => row[i]!),
      );
    });
  };

  const sum = (a: Matrix): ExtensionElement => {
    check(a);
    return columnsOf(a).map(engine.sum);
  };

  const powersInto = (out: Matrix, base: ExtensionElement, start: ExtensionElement = field.one): void => {
    check(out);
    const { rows } = out;
    if (rows === 0) return;
    if (primitives.powersInto !== undefined) {
      primitives.powersInto(out, field.element(base), field.element(start));
      return;
    }
    const columns = columnsOf(out);
    field.element(start).forEach((value, k) => {
      columns[k]!.set(0, value);
    });
    let factor = field.element(base);
    engine.scope(() => {
      // Columns of a matrix of fewer rows lie closer together, so the parts are computed aside and copied.
      for (let length = 1; length < rows; length *= 2) {
        const next = Math.min(length, rows - length);
        const part = engine.reserve(next, degree);
        columns.forEach((column, k) => {
          engine.copyInto(part.column(k), column.slice(0, next));
        });
        primitives.scaleInto(part, part, factor);
        columns.forEach((column, k) => {
          engine.copyInto(column.slice(length, length + next), part.column(k));
        });
        part.release();
        factor = field.multiply(factor, factor);
      }
    });
  };

  return {
    field,
    from: (values) => {
      const elements = values.map(field.element);
      return engine.from(Array.from({ length: degree }, (_, k) => elements.map((value) => value[k]!)).flat(), degree);
    },
    toArray: (a) => {
      check(a);
      const words = a.toArray();
      return Array.from({ length: a.rows }, (_, i) => Array.from({ length: degree }, (_, k) => words[k * a.rows + i]!));
    },
    multiplyInto,
    scaleInto,
    multiplyBaseInto: (out, a, b) => {
      check(out, a);
      assertShape('base operand', b, a.rows, 1);
      const targets = columnsOf(out);
      columnsOf(a).forEach((column, k) => {
        engine.multiplyInto(targets[k]!, column, b);
      });
    },
    inverseInto: (out, a) => {
      check(out, a);
      engine.scope(() => {
        // The product of all conjugates is the norm, an element of the base field.
        const conjugates = engine.reserve(a.rows, degree);
        let current = a;
        for (let k = 1; k < degree; k++) {
          const next = engine.reserve(a.rows, degree);
          conjugateInto(next, current);
          if (k === 1) engine.copyInto(conjugates, next);
          else multiplyInto(conjugates, conjugates, next);
          current = next;
        }
        const norm = engine.reserve(a.rows, degree);
        multiplyInto(norm, conjugates, a);
        const base = norm.column(0);
        engine.inverseInto(base, base);
        columnsOf(conjugates).forEach((column, k) => {
          engine.multiplyInto(out.column(k), column, base);
        });
      });
    },
    powersInto,
    sum,
    dot: (a, b) => {
      check(a, b);
      return engine.scope(() => {
        const products = engine.reserve(a.rows, degree);
        multiplyInto(products, a, b);
        return sum(products);
      });
    },
    evaluateColumns: (a, point) => {
      if (a.rows === 0) return Array.from({ length: a.columns }, () => field.zero);
      return engine.scope(() => {
        const powers = engine.reserve(a.rows, degree);
        powersInto(powers, point);
        return engine.weigh(a, powers);
      });
    },
  };
}
