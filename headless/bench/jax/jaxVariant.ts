import { GpuCounters } from '../../../src/compute/bench/gpuCounters';
import { CLASSES, IMAGE_SIZE, transformOf, victimOf } from '../../../src/compute/bench/stepCost';
import type { StepLosses, StepVariant } from '../../../src/compute/bench/stepVariant';
import { SEED, type Workload } from '../../../src/compute/bench/workload';
import { traceNetwork } from '../../../src/compute/nn/trace';
import { BatchSource } from '../../../src/compute/refine/batchSource';
import { inverseMap } from '../../../src/compute/refine/labelMap';
import type * as Jax from '@jax-js/jax';
import { jaxBinaryCrossEntropy, jaxSupcon } from './jaxLoss';
import { JaxOps, type JaxModule, type Weights } from './jaxOps';
import {
  foldedWeights,
  inverseMatrix,
  learnedWeights,
  planarNormalized,
  upsampleMatrix,
  type HostTensor,
} from './weights';

type Value = Jax.numpy.Array;
type Named = Record<string, Value>;

/** What does not change from step to step. */
interface Constants extends Record<string, Named> {
  readonly victim: Named;
  readonly upsampling: Named;
  readonly others: Named;
}

interface StepResult extends Record<string, Named | Value> {
  readonly weights: Named;
  readonly momentum: Named;
  readonly losses: Value;
}

/**
 * The same training step in @jax-js/jax, one `jit` for all of it: labels, forward, backward, momentum update. It has the same
 * start weights, batches, losses and learning rate as the trainer; running statistics are not kept and biases in front
 * of batch-norm are left out, both in its favour.
 *
 * @param jax the module, its `webgpu` device initialised and made the default.
 */
export function jaxVariant(jax: JaxModule, work: Workload): StepVariant {
  const device = jax.getWebGPUDevice();
  const counters = new GpuCounters(device, null);
  const { settings, size } = work;
  const batches = new BatchSource(work.images, { height: IMAGE_SIZE, width: IMAGE_SIZE }, settings, SEED);
  const put = (tensors: ReadonlyMap<string, HostTensor>): Named =>
    Object.fromEntries(
      [...tensors].map(([name, { values, shape }]) => [name, jax.numpy.array(values, { shape })]),
    );
  const learned = learnedWeights(traceNetwork(transformOf(size)), work.transformState);
  let weights = put(learned);
  let momentum = put(
    new Map([...learned].map(([name, { values, shape }]) => [name, { values: values.map(() => 0), shape }])),
  );
  const constants = constantsOf(jax, work, put);
  const step = compileStep(jax, work);
  const losses: StepLosses[] = [];
  let done = 0;
  return {
    name: 'jax-js',
    prepare: async () => undefined,
    async step() {
      const { pixels } = await batches.batch(done++);
      const planar = planarNormalized(
        pixels,
        size.batch,
        IMAGE_SIZE * IMAGE_SIZE,
        work.normalization.mean,
        work.normalization.std,
      );
      const x = jax.numpy.array(planar, { shape: [size.batch, 3, IMAGE_SIZE, IMAGE_SIZE] });
      const result = step(weights, momentum, jax.tree.ref(constants), x) as StepResult;
      weights = result.weights;
      momentum = result.momentum;
      const [total = NaN, classification = NaN, supcon = NaN] = (await result.losses.data()) as Float32Array;
      await device.queue.onSubmittedWorkDone();
      losses.push([total, classification, supcon]);
    },
    counts: () => counters.take(),
    losses: () => losses,
    async dispose() {
      jax.tree.dispose([weights, momentum, constants] as Named[]);
      step.dispose();
    },
  };
}

function constantsOf(
  jax: JaxModule,
  work: Workload,
  put: (tensors: ReadonlyMap<string, HostTensor>) => Named,
): Constants {
  const sizes = [2, 4, 8, 16].map((size): [string, HostTensor] => [String(size), upsampleMatrix(size)]);
  const others = put(new Map([['inverse', inverseMatrix(inverseMap(work.labelMap))]]));
  return {
    victim: put(foldedWeights(traceNetwork(victimOf(work.size)), work.victimState)),
    upsampling: put(new Map(sizes)),
    others: { ...others, self: jax.numpy.eye(work.size.batch) },
  };
}

function compileStep(jax: JaxModule, work: Workload) {
  const { settings, size } = work;
  const { numpy, nn, lax } = jax;
  const { optimizer } = settings;
  if (optimizer.kind !== 'sgd') throw new Error('The benchmark trains with SGD.');
  const { learningRate, momentum: keep, weightDecay } = optimizer;
  const transform = transformOf(size);
  const victim = victimOf(size);
  const classify = (constants: Constants, x: Value): Value =>
    victim.forward<Value>(new JaxOps(jax, constants.victim, constants.upsampling, 'folded').asLayers(), x)
      .output;

  const loss = (weights: Named, constants: Constants, x: Value, oneHot: Value): [Value, Value] => {
    const ops = new JaxOps(jax, weights, constants.upsampling, 'train');
    const image = numpy.clip(transform.forward<Value>(ops.asLayers(), x).output, 0, 1);
    const others = constants.others as Weights;
    const inverse = others['inverse'];
    const self = others['self'];
    if (!inverse || !self) throw new Error('Constants are missing.');
    const targets = numpy.matmul(oneHot.ref, inverse.ref);
    const classification = jaxBinaryCrossEntropy(jax, classify(constants, image.ref), targets);
    const contrast = jaxSupcon(jax, image, oneHot, self, settings);
    const total = classification.ref.add(contrast.ref.mul(settings.supconWeight));
    return [total, numpy.stack([classification, contrast])];
  };

  return jax.jit((weights: Named, momentum: Named, constants: Constants, x: Value) => {
    const labels = numpy.argmax(classify(constants, x.ref), 1);
    const oneHot = lax.stopGradient(nn.oneHot(labels, CLASSES));
    const [[total, parts], gradients] = jax.valueAndGrad(loss, { hasAux: true })(
      jax.tree.ref(weights),
      constants,
      x,
      oneHot,
    ) as unknown as [[Value, Value], Named];
    const moved: Named = {};
    const velocities: Named = {};
    for (const [name, weight] of Object.entries(weights)) {
      const gradient = gradients[name];
      const velocity = momentum[name];
      if (!gradient || !velocity) throw new Error(`${name} has no gradient.`);
      const next = velocity.mul(keep).add(gradient.add(weight.ref.mul(weightDecay)));
      velocities[name] = next.ref;
      moved[name] = weight.sub(next.mul(learningRate));
    }
    return {
      weights: moved,
      momentum: velocities,
      losses: numpy.concatenate([total.reshape([1]), parts]),
    };
  });
}
