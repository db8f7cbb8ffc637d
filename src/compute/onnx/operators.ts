import { conv } from './ops/conv';
import { ELEMENTWISE } from './ops/elementwise';
import { NORMS } from './ops/norms';
import { PARTS } from './ops/parts';
import { averagePool, globalAveragePool, globalMaxPool, maxPool } from './ops/pool';
import { PRODUCTS } from './ops/products';
import { REDUCTIONS } from './ops/reduce';
import { RESIZES } from './ops/resize';
import { SHAPES } from './ops/shapes';
import type { Operator } from './types';

/** Every operator of ONNX's own domain that can be run. Adding one is an `Operator` and a line. */
const OPERATORS: Readonly<Record<string, Operator>> = {
  Conv: conv,
  MaxPool: maxPool,
  AveragePool: averagePool,
  GlobalAveragePool: globalAveragePool,
  GlobalMaxPool: globalMaxPool,
  ...ELEMENTWISE,
  ...SHAPES,
  ...PARTS,
  ...PRODUCTS,
  ...NORMS,
  ...REDUCTIONS,
  ...RESIZES,
};

/** The operator of a node, or null where the studio has none. */
export function operatorOf(domain: string, opType: string): Operator | null {
  return domain === '' && Object.hasOwn(OPERATORS, opType) ? (OPERATORS[opType] ?? null) : null;
}

/** Names of all operators, in alphabetical order. */
export function operatorNames(): string[] {
  return Object.keys(OPERATORS).sort();
}
