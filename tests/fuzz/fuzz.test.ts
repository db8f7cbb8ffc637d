import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DATASET_FORMATS } from '../../src/formats/datasets/registry';
import { MODEL_FORMATS } from '../../src/formats/models/registry';
import { buildChild, type BuiltChild } from './bundleChild';
import { PARSERS } from './parsers';
import type { Finding, FuzzReport } from './collector';
import { FuzzProcess } from './fuzzProcess';

// Every parser on damaged real files and on files made to harm it, in a process of its own: each gives a value or a StudioError with a
// code, within its stated cap on memory, and none hangs. FUZZ_CASES and FUZZ_FROM choose how many damaged files and the first seed;
// FUZZ_REPORT prints what each parser took.
const CASES = Number(process.env['FUZZ_CASES'] ?? 24);
const FROM = Number(process.env['FUZZ_FROM'] ?? 0);

const tell = ({ parser, id, mutation, why }: Finding) => `${parser}, ${id}: ${mutation}\n  ${why}`;

/** What a parser took at most, for choosing its cap. */
function said(name: string, report: FuzzReport): string {
  const { cases, peakResidentBytes, largestBytes, codes, closest } = report;
  const [took, asked] = [peakResidentBytes, largestBytes].map((bytes) => Math.round(bytes / 2 ** 20));
  return `${name}: ${cases} cases, ${took} MiB, buffer ${asked} MiB, ${JSON.stringify([...codes])}, ${Math.round(closest.share * 100)} % of its cap at most: ${closest.what}`;
}

describe('damaged and hostile files', () => {
  let child: BuiltChild;
  let fuzzing: FuzzProcess;
  beforeAll(async () => {
    child = await buildChild();
    fuzzing = new FuzzProcess(child.path);
  }, 120_000);
  afterAll(async () => {
    fuzzing.close();
    await child.remove();
  });

  it('covers every registered format', () => {
    const covered = new Set(PARSERS.flatMap(({ formats }) => formats));
    const registered = [...MODEL_FORMATS, ...DATASET_FORMATS].map(({ id }) => id);
    expect(registered.filter((id) => !covered.has(id))).toEqual([]);
  });

  it.each(PARSERS.map((parser) => [parser.name, parser] as const))(
    '%s',
    async (name, { hostile = [] }) => {
      const made = await fuzzing.run(name, -hostile.length, 0);
      const damaged = await fuzzing.run(name, FROM, FROM + CASES);
      if (process.env['FUZZ_REPORT'] !== undefined) console.log(said(name, made), said(name, damaged));
      expect([...made.findings, ...damaged.findings].map(tell)).toEqual([]);
      expect(made.cases + damaged.cases).toBe(hostile.length + CASES);
      // Damage that is never noticed would show that the files are not looked at; the drop zone always has an answer.
      if (name !== 'recognition') expect(damaged.cases).toBeGreaterThan(damaged.codes.get('value') ?? 0);
    },
    3_600_000,
  );
});
