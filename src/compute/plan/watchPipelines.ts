const writableOfModule = new WeakMap<GPUShaderModule, ReadonlySet<number>>();
const writableOfPipeline = new WeakMap<GPUComputePipeline, ReadonlySet<number>>();

const WRITABLE = /((?:@(?:group|binding)\s*\(\s*\d+[ui]?\s*\)\s*)+)var\s*<\s*storage\s*,\s*read_write\s*>/g;
const BINDING = /@binding\s*\(\s*(\d+)/;

/** The bindings that WGSL source declares `read_write`. Only group 0 is looked at: nothing here uses another. */
export function writableBindings(code: string): ReadonlySet<number> {
  const found = new Set<number>();
  for (const [, attributes = ''] of code.matchAll(WRITABLE)) {
    const binding = BINDING.exec(attributes)?.[1];
    if (binding !== undefined) found.add(Number(binding));
  }
  return found;
}

/**
 * Remembers of every compute pipeline that the device makes from now on which of its bindings are written. WebGPU cannot be
 * asked for that, and a plan that puts several tensors into one buffer has to know it.
 */
export function watchPipelines(device: GPUDevice): void {
  const createModule = device.createShaderModule.bind(device);
  device.createShaderModule = (descriptor) => {
    const module = createModule(descriptor);
    writableOfModule.set(module, writableBindings(descriptor.code));
    return module;
  };
  const create = device.createComputePipeline.bind(device);
  device.createComputePipeline = (descriptor) => noted(create(descriptor), descriptor);
  const createLater = device.createComputePipelineAsync.bind(device);
  device.createComputePipelineAsync = async (descriptor) => noted(await createLater(descriptor), descriptor);
}

/** Lets `pipeline` be found by `writesOf`, as one made of `descriptor`. */
export function noted(
  pipeline: GPUComputePipeline,
  descriptor: GPUComputePipelineDescriptor,
): GPUComputePipeline {
  const writable = writableOfModule.get(descriptor.compute.module);
  if (writable) writableOfPipeline.set(pipeline, writable);
  return pipeline;
}

/** The bindings `pipeline` writes, or null for one that was made unwatched. */
export function writesOf(pipeline: GPUComputePipeline): ReadonlySet<number> | null {
  return writableOfPipeline.get(pipeline) ?? null;
}
