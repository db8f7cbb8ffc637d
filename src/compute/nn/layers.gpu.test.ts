import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { relativeDistance } from '../../../tests/setup/distance';
import { readFixture } from '../../../tests/setup/fixture';
import { parseNpz } from '../../../tests/setup/npz';
import { parseIndex, unpackState, type PackedTensor } from '../../../tests/setup/packedState';
import { openDevice, type OpenDevice } from '../device/device';
import { GRADIENT } from '../kernels/batchNorm/names';
import { installKernels, type InstalledKernels } from '../kernels/install';
import { hostOf } from '../kernels/registry';
import { tf } from '../tf';
import { buildFrozenNetwork } from './frozen';
import { toFileLayout } from './layout';
import type { BoundNetwork, LayerOps } from './network';
import { traceNetwork } from './trace';
import { buildTrainable } from './trainable';

// Every layer against PyTorch's float64 (tests/fixtures/nn/make.py), forward and gradients.
type Entry =
  | { readonly name: string; readonly json: readonly PackedTensor[] }
  | {
      readonly name: string;
      readonly shape: readonly number[];
      readonly dtype: string;
      readonly offset: number;
    };

type Forward = <T>(ops: LayerOps<T>, x: T) => T;

const spec = (filters: number, kernel: number, stride: 1 | 2, pad: number, bias: boolean) => ({
  filters,
  kernel,
  stride,
  pad,
  bias,
});

const CASES: Readonly<Record<string, readonly [string, Forward]>> = {
  conv: ['3x3 with bias', (ops, x) => ops.conv(x, 'c', spec(6, 3, 1, 1, true))],
  conv_rgb: ['3x3 from three channels to five', (ops, x) => ops.conv(x, 'c', spec(5, 3, 1, 1, false))],
  conv_stride2: ['3x3 of stride 2, odd and even size', (ops, x) => ops.conv(x, 'c', spec(8, 3, 2, 1, false))],
  conv_1x1: ['1x1 to three channels', (ops, x) => ops.conv(x, 'c', spec(3, 1, 1, 0, true))],
  conv_1x1_stride2: ['1x1 of stride 2', (ops, x) => ops.conv(x, 'c', spec(8, 1, 2, 0, false))],
  max_pool: [
    'max-pool of an odd height',
    (ops, x) => ops.maxPool(ops.conv(x, 'c', spec(4, 1, 1, 0, true)), 2, 2),
  ],
  upsample: ['bilinear x2', (ops, x) => ops.conv(ops.upsample2x(x), 'c', spec(4, 1, 1, 0, true))],
  pad_concat: [
    'padding to an odd size, and concat',
    (ops, x) => {
      const pooled = ops.maxPool(ops.conv(x, 'd', spec(3, 1, 1, 0, true)), 2, 2);
      return ops.conv(ops.concat([x, ops.padTo(ops.upsample2x(pooled), x)]), 'c', spec(4, 1, 1, 0, true));
    },
  ],
  head: ['global average pool and linear', (ops, x) => ops.linear(ops.globalAveragePool(x), 'linear', 5)],
  norm_relu: [
    'convolution with bias, batch-norm, ReLU',
    (ops, x) => ops.convNorm(x, 'conv', 'bn', spec(6, 3, 1, 1, true), { relu: true }),
  ],
  norm_residual: [
    'batch-norm, projected shortcut, ReLU',
    (ops, x) => {
      const residual = ops.convNorm(x, 'convS', 'bnS', spec(6, 1, 2, 0, false), { relu: false });
      return ops.convNorm(x, 'conv', 'bn', spec(6, 3, 2, 1, false), { relu: true, residual });
    },
  ],
};

class Fixture {
  constructor(
    private readonly index: readonly Entry[],
    private readonly arrays: Readonly<Record<string, ArrayLike<number>>>,
  ) {}

  state(name: string) {
    const entry = this.index.find((candidate) => candidate.name === `${name}/state_index`)!;
    if (!('json' in entry)) throw new Error('no index');
    return unpackState(entry.json, this.read(`${name}/state_values`).data);
  }

  read(name: string): { shape: number[]; data: number[] } {
    const entry = this.index.find((candidate) => candidate.name === name);
    if (!entry || !('shape' in entry)) throw new Error(`no array ${name}`);
    const count = entry.shape.reduce((product, size) => product * size, 1);
    const flat = this.arrays[entry.dtype]!;
    return {
      shape: [...entry.shape],
      data: Array.from({ length: count }, (_, i) => flat[entry.offset + i]!),
    };
  }

  sixtyFourths(name: string): tf.Tensor {
    const { shape, data } = this.read(name);
    return tf.tensor(
      data.map((q) => q / 64),
      shape,
    );
  }

  under(prefix: string): string[] {
    return this.index
      .filter(({ name }) => name.startsWith(prefix))
      .map(({ name }) => name.slice(prefix.length));
  }
}

let device: OpenDevice;
let fixture: Fixture;

beforeAll(async () => {
  device = await openDevice();
  const arrays = parseNpz(await readFixture('nn/layers.npz'));
  fixture = new Fixture(parseIndex<Entry[]>(arrays.get('index')!.data), {
    int8: arrays.get('int8')!.data,
    float32: arrays.get('float32')!.data,
  });
});

afterAll(() => device.close());

function bind(name: string, forward: Forward): BoundNetwork {
  const [, height, width, channels] = fixture.read(`${name}/x_int8_nhwc`).shape;
  return {
    id: name,
    label: name,
    inputShape: [height!, width!, channels!],
    classes: null,
    forward: (ops, x) => ({ output: forward(ops, x), features: null }),
  };
}

const cases = Object.entries(CASES).map(([name, [title, forward]]) => ({ name, title, forward }));
const modes = cases.flatMap((one) =>
  one.name.startsWith('norm')
    ? [
        { ...one, mode: 'train' as const },
        { ...one, mode: 'eval' as const },
      ]
    : [{ ...one, mode: 'train' as const }],
);

describe.each(['stock', 'own'])('layers against PyTorch, %s kernels', (kernels) => {
  let installed: InstalledKernels | null = null;
  beforeAll(() => {
    if (kernels === 'own') installed = installKernels(device.backend);
  });
  afterAll(() => installed?.uninstall());

  it('runs on the kernels it names', () => {
    expect(hostOf('Conv2D') === null).toBe(kernels === 'stock');
    expect(hostOf(GRADIENT) === null).toBe(kernels === 'stock');
  });

  it.each(modes)('trainable, $mode: $title ($name)', async ({ name, forward, mode }) => {
    const bound = bind(name, forward);
    const network = buildTrainable(bound, { state: fixture.state(name) });
    const x = fixture.sixtyFourths(`${name}/x_int8_nhwc`) as tf.Tensor4D;
    const cotangent = fixture.sixtyFourths(`${name}/cotangent_int8`);
    let y: tf.Tensor | null = null;
    const variables = [...network.parameters.values()];
    const gradients = tf.grads(() => {
      const { output } = network.forward(x, mode);
      y = tf.keep(output.clone());
      return output;
    })([x, ...variables], cotangent);
    expect(relativeDistance(await y!.data(), fixture.read(`${name}/${mode}/y`).data)).toBeLessThan(1e-5);
    expect(
      relativeDistance(await gradients[0]!.data(), fixture.read(`${name}/${mode}/dx`).data),
    ).toBeLessThan(1e-5);

    const { tensors } = traceNetwork(bound);
    const keys = [...network.parameters.keys()];
    expect([...keys].sort()).toEqual(fixture.under(`${name}/${mode}/grad/`).sort());
    for (const [i, key] of keys.entries()) {
      const got = toFileLayout(
        (await gradients[i + 1]!.data()) as Float32Array,
        tensors.find((t) => t.name === key)!,
      );
      if (name === 'norm_relu' && key === 'conv.bias' && mode === 'train') {
        expect([...got]).toEqual(new Array(6).fill(0)); // PyTorch's is rounding noise around 0
      } else {
        const want = fixture.read(`${name}/${mode}/grad/${key}`).data;
        expect(relativeDistance(got, want), key).toBeLessThan(1e-5);
      }
    }
    if (mode === 'train' && name.startsWith('norm')) {
      const after = await network.stateDict();
      for (const key of fixture.under(`${name}/after/`)) {
        const want = fixture.read(`${name}/after/${key}`).data;
        expect(relativeDistance(after.get(key)!.data, want), key).toBeLessThan(1e-6);
      }
    }
    network.dispose();
    tf.dispose([x, cotangent, y!, ...gradients]);
  });

  it.each(modes.filter(({ name, mode }) => mode === 'eval' || !name.startsWith('norm')))(
    'frozen: $title ($name)',
    async ({ name, forward, mode }) => {
      const network = buildFrozenNetwork(bind(name, forward), fixture.state(name));
      const x = fixture.sixtyFourths(`${name}/x_int8_nhwc`) as tf.Tensor4D;
      const cotangent = fixture.sixtyFourths(`${name}/cotangent_int8`);
      const y = network.forward(x).output;
      const gradient = tf.grad((input: tf.Tensor) => network.forward(input as tf.Tensor4D).output)(
        x,
        cotangent,
      );
      expect(relativeDistance(await y.data(), fixture.read(`${name}/${mode}/y`).data)).toBeLessThan(1e-5);
      expect(relativeDistance(await gradient.data(), fixture.read(`${name}/${mode}/dx`).data)).toBeLessThan(
        1e-5,
      );
      network.dispose();
      tf.dispose([x, cotangent, y, gradient]);
    },
  );

  it('leaves no tensor behind, with and without a gradient', () => {
    const bound = bind('norm_residual', CASES['norm_residual']![1]);
    const network = buildTrainable(bound, { seed: 1 });
    const x = fixture.sixtyFourths('norm_residual/x_int8_nhwc') as tf.Tensor4D;
    const run = (): void => {
      const { value, grads } = tf.variableGrads(() => network.forward(x, 'train').output.sum<tf.Scalar>());
      const plain = network.forward(x, 'train').output;
      const evaluated = network.forward(x, 'eval').output;
      tf.dispose([value, grads, plain, evaluated]);
    };
    run();
    const before = tf.memory().numTensors;
    run();
    run();
    expect(tf.memory().numTensors).toBe(before);
    network.dispose();
    x.dispose();
  });
});
