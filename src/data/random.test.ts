import { describe, expect, it } from 'vitest';
import { philox, RandomStream } from './random';

const hex = (words: readonly number[]) => words.map((word) => word.toString(16).padStart(8, '0')).join(' ');

describe('philox', () => {
  // Known answers published with Random123 (kat_vectors, philox4x32 10).
  it('gives the published answers', () => {
    expect(hex(philox([0, 0, 0, 0], [0, 0]))).toBe('6627e8d5 e169c58d bc57ac4c 9b00dbd8');
    const ones = 0xffffffff;
    expect(hex(philox([ones, ones, ones, ones], [ones, ones]))).toBe('408f276d 41c83b0e a20bc7c6 6d5451fd');
    expect(hex(philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]))).toBe(
      'd16cfe09 94fdcceb 5001e420 24126ea1',
    );
  });
});

describe('RandomStream', () => {
  it('depends on seed, purpose and index alone', () => {
    const draw = (seed: number, purpose: number, index: number) => {
      const stream = new RandomStream(seed, purpose, index);
      return Array.from({ length: 6 }, () => stream.uint32());
    };
    expect(draw(1, 2, 3)).toEqual(draw(1, 2, 3));
    const variants = [draw(1, 2, 3), draw(2, 2, 3), draw(1, 3, 3), draw(1, 2, 4)].map(String);
    expect(new Set(variants).size).toBe(4);
  });

  it('has the moments of its distributions', () => {
    const stream = new RandomStream(7, 1);
    const count = 20_000;
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < count; i++) {
      const value = stream.normal();
      sum += value;
      squares += value * value;
    }
    expect(Math.abs(sum / count)).toBeLessThan(0.03);
    expect(Math.abs(squares / count - 1)).toBeLessThan(0.05);
  });

  it('shuffles into a permutation and bounds integers', () => {
    const stream = new RandomStream(3, 1);
    const values = stream.shuffle(Array.from({ length: 100 }, (_, i) => i));
    expect([...values].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(Array.from({ length: 1000 }, () => stream.below(7)).every((v) => v >= 0 && v < 7)).toBe(true);
  });
});
