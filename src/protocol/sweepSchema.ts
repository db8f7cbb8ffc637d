import { z } from 'zod';

/** Names that reach into an object's prototype, and keys that a sweep has no business with. */
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype', 'sweep', 'version', 'inputs']);

/** Runs one sweep may ask for. */
export const MAX_SWEEP_CELLS = 1000;

const axis = z.strictObject({
  key: z
    .string()
    .regex(/^[A-Za-z]\w*(\.[A-Za-z]\w*)*$/, 'it wants keys joined by dots, as in attack.kind')
    .refine((key) => key.split('.').every((part) => !FORBIDDEN.has(part)), {
      error: 'this key cannot be swept over',
    })
    .describe('What is varied: a key of this file, its parts joined by dots.'),
  values: z.array(z.unknown()).min(1).describe('What it takes in turn; anything the key accepts.'),
});

/** The one way to ask for many runs: every combination of the axes' values, the last axis fastest. */
export const sweepSchema = z
  .strictObject({ axes: z.array(axis).min(1).max(6) })
  .refine(({ axes }) => new Set(axes.map(({ key }) => key)).size === axes.length, {
    error: 'each key may be named once',
  })
  .refine(({ axes }) => axes.reduce((product, { values }) => product * values.length, 1) <= MAX_SWEEP_CELLS, {
    error: `it asks for more than ${MAX_SWEEP_CELLS} runs`,
  })
  .describe('Many runs: every combination of the values, the last axis fastest.');

export type SweepSettings = z.infer<typeof sweepSchema>;
