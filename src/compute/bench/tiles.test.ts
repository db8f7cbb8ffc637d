import { expect, test } from 'vitest';
import { uniformChoice } from '../kernels/tuning/choice';
import { tilesText } from './tiles';

test('tiles are told by name, one for all where they are the same', () => {
  const { tiles } = uniformChoice('register');
  expect(tilesText(tiles)).toBe('register');
  expect(tilesText({ ...tiles, 'filter/wide': 'tall' })).toBe(
    'convolve/wide register, filter/wide tall, convolve/middle register, filter/middle register, ' +
      'convolve/narrow register, filter/narrow register',
  );
});
