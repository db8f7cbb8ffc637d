import { expect, test } from 'vitest';
import { useDeviceStore } from './deviceStore';
import { askedOf, suitingChoice, toggled, useDiagnosticsStore } from './diagnosticsStore';

test('every combination of the lists is a size, and an empty list asks for nothing', () => {
  const one = suitingChoice(true);
  expect(askedOf(one)?.sizes).toEqual([{ channels: 4, width: 4, batch: 8 }]);
  const more = toggled(toggled(one, 'channels', 16), 'batch', 32);
  expect(more.channels).toEqual([4, 16]);
  expect(askedOf(more)?.sizes).toHaveLength(4);
  expect(askedOf(toggled(one, 'width', 4))).toBeNull();
});

test('single kernels are measured with one batch', () => {
  const kernels = { ...suitingChoice(false), kind: 'kernels' } as const;
  const other = toggled(kernels, 'batch', 256);
  expect(other.batch).toEqual([256]);
  expect(askedOf(other)?.sizes).toEqual([{ channels: 8, width: 8, batch: 256 }]);
});

test('every reading of the memory is kept, up to half an hour of them', () => {
  for (let tensors = 0; tensors < 400; tensors++)
    useDeviceStore.setState({ memory: { tensors, gpuBytes: 10 * tensors } });
  const { memory } = useDiagnosticsStore.getState();
  expect(memory).toHaveLength(360);
  expect(memory.at(-1)).toMatchObject({ tensors: 399, gpuBytes: 3990 });
});
