import { beforeAll, describe, expect, it } from 'vitest';
import { inputFile } from '../../../tests/setup/inputFile';
import { RandomStream } from '../../data/random';
import { graphShapes } from '../../formats/models/graph/shapes';
import { readModel } from '../../formats/models/readModel';
import { tf } from '../tf';
import { buildGraphClassifier } from './graphClassifier';

// Files made by TensorFlow.js itself: models of tfjs-layers with drawn weights, saved with `model.save` through an IOHandler and read
// back by our reader. tfjs's own prediction is the reference; the input's gradient is held to finite differences of it.
type Tensor = ReturnType<typeof tf.input>;
type Built = ReturnType<typeof tf.model> | ReturnType<typeof tf.sequential>;

/** Of the finite differences. */
const STEP = 5e-3;
const PIXELS = 12;

/** Batch-norm's variances stay positive, everything else is small of either sign. */
function drawWeights(model: Built): void {
  const draw = new RandomStream(5, 91);
  for (const weight of model.weights) {
    const positive = weight.name.includes('variance');
    const count = weight.shape.reduce<number>((product, side) => product * (side ?? 1), 1);
    const values = Float32Array.from({ length: count }, () =>
      positive ? draw.uniform(0.5, 1.5) : draw.uniform(-0.4, 0.4),
    );
    weight.write(tf.tensor(values, weight.shape as number[]));
  }
}

/** The two files that tfjs's `downloads://` handler writes. */
async function saved(model: Built) {
  let files = [inputFile('model.json', ''), inputFile('model.weights.bin', '')];
  await model.save(
    tf.io.withSaveHandler((artifacts) => {
      const { modelTopology, weightSpecs, weightData, format, generatedBy, convertedBy } = artifacts;
      const weightsManifest = [{ paths: ['./model.weights.bin'], weights: weightSpecs }];
      const json = { modelTopology, format, generatedBy, convertedBy, weightsManifest };
      const bytes = new Uint8Array(tf.io.CompositeArrayBuffer.join(weightData));
      files = [inputFile('model.json', JSON.stringify(json)), inputFile('model.weights.bin', bytes)];
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } });
    }),
  );
  return files;
}

const head = (x: Tensor, name = 'logits') =>
  tf.layers.dense({ units: 5, name }).apply(tf.layers.flatten({ name: `${name}_flat` }).apply(x)) as Tensor;
const L = tf.layers;

/** Steps on a picture of 9 x 10 pixels and 3 channels, by what they show. */
const NETWORKS: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  convolutions: (x) => {
    const a = L.conv2d({
      filters: 6,
      kernelSize: [3, 2],
      strides: [2, 1],
      padding: 'same',
      activation: 'relu',
    }).apply(x);
    const b = L.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: 'valid', useBias: true }).apply(
      a,
    );
    const c = L.separableConv2d({ filters: 7, kernelSize: 3, padding: 'same', activation: 'tanh' }).apply(b);
    return head(
      L.conv2d({ filters: 4, kernelSize: 2, dilationRate: 2, padding: 'same', useBias: false }).apply(
        c,
      ) as Tensor,
    );
  },
  normalisations: (x) => {
    const a = L.batchNormalization({ epsilon: 0.01 }).apply(x);
    const b = L.conv2d({ filters: 4, kernelSize: 3 }).apply(a);
    const c = L.batchNormalization({ scale: false }).apply(b);
    const d = L.layerNormalization({ epsilon: 0.001 }).apply(L.flatten().apply(c));
    return L.dense({ units: 5 }).apply(L.batchNormalization({ center: false }).apply(d)) as Tensor;
  },
  'activations as layers': (x) => {
    const a = L.reLU({ maxValue: 6 }).apply(x);
    const b = L.leakyReLU({ alpha: 0.15 }).apply(L.conv2d({ filters: 4, kernelSize: 3 }).apply(a));
    const c = L.elu({}).apply(L.conv2d({ filters: 4, kernelSize: 3 }).apply(b));
    const d = L.prelu({ sharedAxes: [1, 2] }).apply(L.conv2d({ filters: 4, kernelSize: 3 }).apply(c));
    const e = L.prelu({}).apply(d);
    return L.softmax().apply(head(e as Tensor)) as Tensor;
  },
  'activations by name': (x) => {
    const names = ['elu', 'hardSigmoid', 'relu', 'relu6', 'selu', 'sigmoid', 'softplus', 'softsign', 'tanh', 'swish', 'mish', 'gelu', 'linear'] as const; // prettier-ignore
    const branches = names.map((activation) =>
      L.conv2d({ filters: 2, kernelSize: 1, activation }).apply(x),
    ) as Tensor[];
    return head(L.concatenate().apply(branches) as Tensor);
  },
  pools: (x) => {
    const a = L.maxPooling2d({ poolSize: [2, 3], strides: [1, 2], padding: 'same' }).apply(x);
    const b = L.averagePooling2d({ poolSize: 2, strides: 1, padding: 'same' }).apply(a) as Tensor;
    const c = L.conv2d({ filters: 6, kernelSize: 1 }).apply(b);
    const both = [L.globalAveragePooling2d({}).apply(c), L.globalMaxPooling2d({}).apply(c)] as Tensor[];
    return L.dense({ units: 5 }).apply(L.concatenate({ axis: 1 }).apply(both)) as Tensor;
  },
  merges: (x) => {
    const branch = () => L.conv2d({ filters: 3, kernelSize: 3, padding: 'same' }).apply(x) as Tensor;
    const parts = [L.add(), L.multiply(), L.average(), L.maximum(), L.minimum()].map(
      (layer) => layer.apply([branch(), branch(), branch()]) as Tensor,
    );
    return head(L.concatenate({ axis: 3 }).apply(parts) as Tensor);
  },
  shapes: (x) => {
    const a = L.zeroPadding2d({ padding: [[1, 2], [0, 3]] }).apply(x); // prettier-ignore
    const b = L.cropping2D({ cropping: [[2, 0], [1, 1]] }).apply(a); // prettier-ignore
    const c = L.upSampling2d({ size: [2, 1] }).apply(b);
    const d = L.permute({ dims: [2, 3, 1] }).apply(c) as Tensor;
    const e = L.reshape({ targetShape: [11, 10, 6] }).apply(d) as Tensor;
    return head(L.upSampling2d({ size: [1, 2], interpolation: 'bilinear' }).apply(e) as Tensor);
  },
  'regularisers and scales': (x) => {
    const a = L.rescaling({ scale: 0.5, offset: 0.1 }).apply(x);
    const b = L.gaussianNoise({ stddev: 1 }).apply(L.dropout({ rate: 0.5 }).apply(a));
    const c = L.alphaDropout({ rate: 0.2 }).apply(L.gaussianDropout({ rate: 0.2 }).apply(b));
    return head(L.activation({ activation: 'relu' }).apply(c) as Tensor);
  },
  'models inside models': (x) => {
    const inside = tf.input({ shape: [9, 10, 3], name: 'inside' });
    const y = L.conv2d({ filters: 3, kernelSize: 3, padding: 'same', name: 'conv' }).apply(inside) as Tensor;
    const inner = tf.model({
      inputs: inside,
      outputs: L.batchNormalization({ name: 'norm' }).apply(y) as Tensor,
      name: 'inner',
    });
    const twice = inner.apply(inner.apply(x)) as Tensor;
    return head(L.conv2d({ filters: 2, kernelSize: 3, name: 'last' }).apply(twice) as Tensor);
  },
};

function functional(network: (x: Tensor) => Tensor): Built {
  const x = tf.input({ shape: [9, 10, 3] });
  return tf.model({ inputs: x, outputs: network(x) });
}

function sequential(): Built {
  const layers = [
    L.conv2d({ inputShape: [9, 10, 3], filters: 4, kernelSize: 3, activation: 'relu' }),
    L.batchNormalization(),
    L.maxPooling2d({ poolSize: 2 }),
    L.flatten(),
    L.dense({ units: 5, activation: 'softmax' }),
  ];
  return tf.sequential({ layers });
}

describe('models that TensorFlow.js saved', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  const built: [string, () => Built][] = Object.entries(NETWORKS).map(([name, network]) => [
    name,
    () => functional(network),
  ]);
  it.each([...built, ['a sequential model', sequential] as [string, () => Built]])('%s', async (_, make) => {
    const model = make();
    drawWeights(model);
    const [json, weights] = await saved(model);
    const { graph, state, format, metadata } = await readModel(json!, [weights!]);
    expect([format, metadata['Generated by']]).toEqual([
      'tfjs-layers',
      `TensorFlow.js tfjs-layers v${tf.version_layers}`,
    ]);
    const shapes = graphShapes(graph!, state, 'model.json');
    const classifier = buildGraphClassifier(graph!, state, shapes);
    const draw = new RandomStream(6, 91);
    const pixels = Float32Array.from({ length: 2 * 9 * 10 * 3 }, () => draw.uniform());
    const x = tf.tensor4d(pixels, [2, 9, 10, 3]);
    const { logits } = classifier.forward(x);
    const ends =
      model.layers.at(-1)?.getConfig()['activation'] === 'softmax' ||
      model.layers.at(-1)?.getClassName() === 'Softmax';
    const ours = await (ends ? tf.softmax(logits) : logits).data();
    const theirs = await (model.predict(x) as typeof logits).data();
    expect(worst(ours, theirs)).toBeLessThan(1e-5);

    const along = tf.tensor(
      Float32Array.from({ length: logits.size }, () => draw.uniform(-1, 1)),
      logits.shape,
    );
    const sum = (at: tf.Tensor) => tf.sum(tf.mul(classifier.forward(at as typeof x).logits, along));
    const gradient = await tf
      .grad((at: tf.Tensor) => sum(at) as tf.Scalar)(x)
      .data();
    let smooth = 0;
    for (let i = 0; i < PIXELS; i++) {
      const pixel = draw.below(pixels.length);
      const [below = NaN, here = NaN, above = NaN] = await Promise.all(
        [-STEP, 0, STEP].map(async (by) => {
          const there = pixels.map((value, at) => (at === pixel ? value + by : value));
          return (await sum(tf.tensor4d(there, [2, 9, 10, 3])).data())[0];
        }),
      );
      // Where a ReLU has its corner the slopes on both sides differ, and no difference is a gradient.
      if (Math.abs(above - here - (here - below)) > 2e-3 * STEP) continue;
      smooth += 1;
      const slope = (above - below) / (2 * STEP);
      expect(Math.abs((gradient[pixel] ?? NaN) - slope)).toBeLessThan(2e-3 + 0.01 * Math.abs(slope));
    }
    expect(smooth).toBeGreaterThan(PIXELS / 2);
    classifier.dispose();
    model.dispose();
  });
});

function worst(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? NaN))), 0);
}
