import { dense, product } from '../../nn/ops/dense';
import { tf } from '../../tf';
import { broadcastShapes, transposeHost } from '../hostTensor';
import type { NodeCall } from '../nodeCall';
import type { RunCall } from '../runCall';
import { OnnxProblem, type GraphValue, type Known, type Operator } from '../types';

/** tfjs's split-K product with a transposed operand gives wrong numbers on WebGPU (4.22); it is chosen from this inner size on. */
const SPLIT_K = 2000;

function swapped(x: tf.Tensor3D): tf.Tensor3D {
  return tf.transpose(x, [0, 2, 1]);
}

/** a b for each of a batch, differentiable in both: [B, M, K] by [B, K, N]. */
function batched(a: tf.Tensor3D, b: tf.Tensor3D): tf.Tensor3D {
  const operation = tf.customGrad<tf.Tensor3D>((...args) => {
    const [left, right, save] = args as unknown as [tf.Tensor3D, tf.Tensor3D, tf.GradSaveFunc];
    save([left, right]);
    return {
      value: tf.matMul(left, right),
      gradFunc: (dy: tf.Tensor3D, saved: tf.Tensor[]) => {
        const [l, r] = saved as [tf.Tensor3D, tf.Tensor3D];
        const [, rows, columns] = dy.shape;
        return [
          columns < SPLIT_K ? tf.matMul(dy, r, false, true) : tf.matMul(dy, swapped(r)),
          rows < SPLIT_K ? tf.matMul(l, dy, true, false) : tf.matMul(swapped(l), dy),
        ];
      },
    };
  });
  return operation(a, b);
}

function inferMatMul(call: NodeCall): Known[] {
  const [a, b] = [call.input(0).shape, call.input(1).shape];
  if (a.length === 0 || b.length === 0) throw new OnnxProblem('multiplies a single number');
  const left = a.length === 1 ? [1, ...a] : a;
  const right = b.length === 1 ? [...b, 1] : b;
  if (left.at(-1) !== right.at(-2))
    throw new OnnxProblem(`multiplies [${a.join(', ')}] with [${b.join(', ')}]`);
  const shape = broadcastShapes(left.slice(0, -2), right.slice(0, -2));
  if (a.length > 1) shape.push(left.at(-2) ?? 1);
  if (b.length > 1) shape.push(right.at(-1) ?? 1);
  return [{ shape, kind: 'float', host: null }];
}

function runMatMul(call: RunCall): GraphValue[] {
  const shape = call.shape();
  const [known, right] = [call.known.input(0), call.known.input(1)];
  const a = known.shape.length === 1 ? tf.reshape(call.plain(0), [1, -1]) : call.plain(0);
  if (right.host && right.shape.length === 2)
    return [call.givePlain(tf.reshape(dense(a, call.plain(1) as tf.Tensor2D, null, false), shape))];
  const b = right.shape.length === 1 ? tf.reshape(call.plain(1), [-1, 1]) : call.plain(1);
  if (a.rank === 2 && b.rank === 2)
    return [call.givePlain(tf.reshape(product(a as tf.Tensor2D, b as tf.Tensor2D), shape))];
  // A broadcast batch has no gradient in tfjs: rows of one matrix are rows of many, and the rest is repeated.
  if (b.rank === 2) {
    const [inner, columns] = b.shape as [number, number];
    const rows: tf.Tensor2D = tf.reshape(a, [a.size / inner, inner]);
    return [call.givePlain(tf.reshape(product(rows, b as tf.Tensor2D), [...a.shape.slice(0, -1), columns]))];
  }
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const whole = (x: tf.Tensor): tf.Tensor3D => {
    const matrix = x.shape.slice(-2);
    const wanted = [...batch, ...matrix];
    const repeated = String(x.shape) === String(wanted) ? x : tf.broadcastTo(x, wanted);
    return tf.reshape(repeated, [-1, ...matrix] as [number, number, number]);
  };
  return [call.givePlain(tf.reshape(batched(whole(a), whole(b)), shape))];
}

function inferGemm(call: NodeCall): Known[] {
  const [a, b] = [call.input(0).shape, call.input(1).shape];
  const [ta, tb] = [call.int('transA', 0) === 1, call.int('transB', 0) === 1];
  const [rows, inner] = ta ? [a[1], a[0]] : [a[0], a[1]];
  const [own, columns] = tb ? [b[1], b[0]] : [b[0], b[1]];
  if (a.length !== 2 || b.length !== 2 || inner !== own)
    throw new OnnxProblem(`multiplies [${a.join(', ')}] with [${b.join(', ')}]`);
  const shape = [rows ?? 1, columns ?? 1];
  const c = call.optional(2);
  if (c && String(broadcastShapes(c.shape, shape)) !== String(shape))
    throw new OnnxProblem(`adds [${c.shape.join(', ')}] to [${shape.join(', ')}]`);
  return [{ shape, kind: 'float', host: null }];
}

function runGemm(call: RunCall): GraphValue[] {
  const { known } = call;
  const turned = (x: tf.Tensor, name: string): tf.Tensor2D =>
    (known.int(name, 0) === 1 ? tf.transpose(x) : x) as tf.Tensor2D;
  const [alpha, beta] = [known.float('alpha', 1), known.float('beta', 1)];
  const a = turned(call.plain(0), 'transA');
  const b = known.input(1);
  const scaled = (x: tf.Tensor): tf.Tensor => (alpha === 1 ? x : tf.mul(x, alpha));
  let y: tf.Tensor;
  if (b.host) {
    const { host } = b;
    const turn = known.int('transB', 0) === 1;
    const weight = call.constant('weight', () => (turn ? transposeHost(host, [1, 0]) : host));
    y = dense(a, weight as tf.Tensor2D, null, false);
  } else y = product(a, turned(call.plain(1), 'transB'));
  y = scaled(y);
  if (!known.optional(2)) return [call.givePlain(y)];
  const c = call.plain(2);
  return [call.givePlain(tf.add(y, beta === 1 ? c : tf.mul(c, beta)))];
}

export const PRODUCTS: Readonly<Record<string, Operator>> = {
  MatMul: { infer: inferMatMul, run: runMatMul },
  Gemm: { infer: inferGemm, run: runGemm },
};
