import { expect, it } from 'vitest';
import { hoistDirectives } from './directives';

it('moves enable directives to the front, once each, and leaves other code alone', () => {
  expect(hoistDirectives('fn f() {}')).toBe('fn f() {}');
  const moved = hoistDirectives(
    'struct A { x : i32 }\nenable f16;\nalias B = f16;\n  enable subgroups;\nenable f16;\n',
  );
  const [first, second, ...rest] = moved.split('\n');
  expect([first, second]).toEqual(['enable f16;', 'enable subgroups;']);
  expect(rest.join('\n')).not.toContain('enable');
  expect(rest.join('\n')).toContain('alias B = f16;');
});
