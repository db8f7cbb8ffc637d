import { describe, expect, it } from 'vitest';
import { expectedGroup } from '../../../tests/fixtures/formats/load';
import { bfloat16ToNumber, halfToNumber, numberToBfloat16, numberToHalf } from './float16';

describe('half precision', () => {
  it('rounds as numpy does', () => {
    for (const [value, bits] of expectedGroup<[number, number][]>('float16')) {
      expect([value, numberToHalf(Math.fround(value))]).toEqual([value, bits]);
    }
  });

  it('returns every one of the 65,536 halves to its own bits', () => {
    for (let bits = 0; bits < 65536; bits++) {
      const value = halfToNumber(bits);
      if (!Number.isNaN(value) && numberToHalf(value) !== bits) expect.fail(`0x${bits.toString(16)}`);
    }
  });

  it('rounds the midpoint between neighbours to the even one', () => {
    for (let bits = 0; bits < 0x7bff; bits++) {
      const middle = (halfToNumber(bits) + halfToNumber(bits + 1)) / 2;
      if (numberToHalf(middle) !== bits + (bits & 1)) expect.fail(`0x${bits.toString(16)}`);
    }
  });
});

describe('bfloat16', () => {
  it('rounds as PyTorch does', () => {
    for (const [value, bits] of expectedGroup<[number, number][]>('bfloat16')) {
      expect([value, numberToBfloat16(value)]).toEqual([value, bits]);
    }
  });

  it('returns every bfloat16 to its own bits', () => {
    for (let bits = 0; bits < 65536; bits++) {
      const value = bfloat16ToNumber(bits);
      if (!Number.isNaN(value) && numberToBfloat16(value) !== bits) expect.fail(`0x${bits.toString(16)}`);
    }
  });
});
