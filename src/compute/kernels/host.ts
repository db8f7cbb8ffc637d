import type { tf } from '../tf';

/** One `key : type` field of a kernel's own uniforms: every kernel here uses vec4s only, so alignment cannot go wrong. */
export interface KernelUniform {
  readonly type: 'int32' | 'float32';
  /** Exactly four numbers. */
  readonly data: readonly [number, number, number, number];
}

/** The part of tfjs's `WebGPUProgram` that the kernels fill in. */
export interface KernelProgram {
  readonly variableNames: string[];
  readonly variableComponents: number[];
  readonly outputComponent: number;
  readonly outputShape: number[];
  readonly workgroupSize: [number, number, number];
  readonly dispatchLayout: { x: number[]; y: number[]; z: number[] };
  dispatch: [number, number, number];
  shaderKey: string;
  readonly uniforms: string;
  readonly getUserCode: () => string;
}

/** The part of tfjs's `WebGPUBackend` (4.22.0) that the kernels call. `WebGPUBackend` satisfies it as it stands. */
export interface KernelHost {
  readonly device: GPUDevice;
  makeTensorInfo(shape: number[], dtype: tf.DataType): tf.TensorInfo;
  disposeData(dataId: tf.DataId): boolean;
  runWebGPUProgram(
    program: KernelProgram,
    inputs: tf.TensorInfo[],
    outputDtype: tf.DataType,
    uniforms?: { type: string; data: number[] }[],
    output?: tf.TensorInfo,
  ): tf.TensorInfo;
}

/** Scalars or vec4s: how a storage buffer is seen by the shader. */
export type Components = 1 | 4;

/** One dispatch of a kernel. */
export interface Dispatch {
  /** Names the source: everything that changes the WGSL has to be in it. */
  readonly key: string;
  readonly inputs: readonly {
    readonly name: string;
    readonly tensor: tf.TensorInfo;
    readonly components: Components;
  }[];
  readonly outputComponents: Components;
  /** Where the result goes: a shape to allocate, or a tensor to overwrite (its cached values become stale). */
  readonly output: readonly number[] | tf.TensorInfo;
  /** Own uniform fields by name, each four numbers; the shader sees `uniforms.name`. */
  readonly uniforms: Readonly<Record<string, KernelUniform>>;
  /** How many workgroups. */
  readonly groups: number;
  /** Invocations in a workgroup; `WORKGROUP` where absent. */
  readonly workgroup?: number;
  /** WGSL with `fn main()`; may use `groupIndex()` and `localIndex`. */
  readonly code: () => string;
}

/** Invocations in a workgroup. 64 measured best on lavapipe and SwiftShader and is a whole number of waves on every GPU. */
export const WORKGROUP = 64;

const MAX_GROUPS_PER_DIMENSION = 65535;

/**
 * WGSL shared by every kernel: the flat index of the workgroup. It reads `uniforms` once, because with the automatic
 * bind group layout a shader that never mentions a binding makes the whole command buffer invalid, silently.
 */
const PRELUDE = `
fn groupIndex() -> i32 {
  _ = uniforms.NAN;
  return i32(workgroupId.x + workgroupId.y * numWorkgroups.x);
}
`;

/** Four whole numbers as a uniform. */
export function ints(a: number, b = 0, c = 0, d = 0): KernelUniform {
  return { type: 'int32', data: [a, b, c, d] };
}

/** Four floats as a uniform. */
export function floats(a: number, b = 0, c = 0, d = 0): KernelUniform {
  return { type: 'float32', data: [a, b, c, d] };
}

/** vec4 access is possible where the innermost dimension is a multiple of four. */
export function componentsFor(innermost: number): Components {
  return innermost % 4 === 0 ? 4 : 1;
}

/**
 * Records one dispatch in tfjs's command queue and returns its output, which the caller owns.
 *
 * tfjs puts shapes' ranks and equality in its pipeline key; the kernels take every size from their own uniforms, so all
 * tensors are presented with one fixed fake shape, and one source is compiled once.
 */
export function runKernel(host: KernelHost, dispatch: Dispatch): tf.TensorInfo {
  const { inputs, uniforms } = dispatch;
  const output =
    'dataId' in dispatch.output ? dispatch.output : host.makeTensorInfo([...dispatch.output], 'float32');
  const rows = Math.ceil(dispatch.groups / MAX_GROUPS_PER_DIMENSION);
  const key = `refine-${dispatch.key}`;
  const program: KernelProgram = Object.assign(labelled(key), {
    variableNames: inputs.map((input) => input.name),
    variableComponents: inputs.map((input) => input.components),
    outputComponent: dispatch.outputComponents,
    outputShape: [1],
    workgroupSize: [dispatch.workgroup ?? WORKGROUP, 1, 1],
    dispatchLayout: { x: [0], y: [0], z: [0] },
    dispatch: [rows > 1 ? MAX_GROUPS_PER_DIMENSION : dispatch.groups, rows, 1],
    shaderKey: key,
    uniforms: Object.entries(uniforms)
      .map(([name, uniform]) => `${name} : vec4<${uniform.type === 'int32' ? 'i32' : 'f32'}>,`)
      .join(' '),
    getUserCode: () => PRELUDE + dispatch.code(),
  } satisfies KernelProgram);
  host.runWebGPUProgram(
    program,
    inputs.map(({ tensor }) => ({ dataId: tensor.dataId, dtype: tensor.dtype, shape: [2] })),
    'float32',
    Object.values(uniforms).map(({ type, data }) => ({ type, data: [...data] })),
    { dataId: output.dataId, dtype: 'float32', shape: [1] },
  );
  return output;
}

/** tfjs labels a pipeline, and so the device's errors and measurements, by its program's class. */
function labelled(name: string): object {
  return Object.create({ constructor: { name } }) as object;
}
