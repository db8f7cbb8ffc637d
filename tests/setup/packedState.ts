import type { StateDict, StateTensor } from '../../src/formats/models/stateDict';

/** How `tests/fixtures/nn/make.py` packs one tensor of a state_dict: value = offset + scale * q, q in eight bits. */
export interface PackedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int64';
  readonly offset: number;
  readonly scale: number;
}

/** The state_dict that the fixture's index and eight-bit values stand for; exactly the float32 numbers PyTorch had. */
export function unpackState(index: readonly PackedTensor[], values: ArrayLike<number>): StateDict {
  let position = 0;
  return new Map(
    index.map(({ name, shape, dtype, offset, scale }): [string, StateTensor] => {
      const count = shape.reduce((product, size) => product * size, 1);
      const at = (i: number): number => offset + scale * (values[position + i] ?? 0);
      const data =
        dtype === 'int64'
          ? Int32Array.from({ length: count }, (_, i) => at(i))
          : Float32Array.from({ length: count }, (_, i) => at(i));
      position += count;
      return [name, { dtype, shape, data }];
    }),
  );
}

/** An index stored as JSON text in an array of bytes. */
export function parseIndex<T>(bytes: ArrayLike<number>): T {
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(bytes))) as T;
}
