import { describe, expect, it } from 'vitest';
import { withoutPrefix } from './keyPrefix';

const names = (...keys: string[]): string[] => [
  ...withoutPrefix(new Map(keys.map((key) => [key, 0]))).keys(),
];

describe('withoutPrefix', () => {
  it('takes off what wraps every key, wrapped twice too', () => {
    expect(names('module.conv1.weight', 'module.fc.bias')).toEqual(['conv1.weight', 'fc.bias']);
    expect(names('model.module.a', 'model.module.b')).toEqual(['a', 'b']);
    expect(names('netC.a', 'netC.b')).toEqual(['a', 'b']);
  });

  it('leaves a prefix that some keys lack, and a key that would be nothing', () => {
    expect(names('module.a', 'b')).toEqual(['module.a', 'b']);
    expect(names('model.a', 'model.')).toEqual(['model.a', 'model.']);
    expect(names()).toEqual([]);
  });

  it('stops after four', () => {
    expect(names('net.net.net.net.net.a')).toEqual(['net.a']);
  });
});
