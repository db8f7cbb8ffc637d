const hoisting = new WeakSet<GPUDevice>();

const DIRECTIVE = /^\s*(enable\s+[a-z0-9_,\s]+;)\s*$/gm;

/** WGSL with its `enable` directives moved to the front, where the language wants them. */
export function hoistDirectives(code: string): string {
  const directives = [...code.matchAll(DIRECTIVE)].map((match) => match[1] ?? '');
  if (directives.length === 0) return code;
  return `${[...new Set(directives)].join('\n')}\n${code.replace(DIRECTIVE, '')}`;
}

/**
 * Lets kernels of this device use `enable` directives: tfjs puts declarations of its own before a program's code, so they
 * are moved when the module is made. Safe to call again.
 */
export function allowDirectives(device: GPUDevice): void {
  if (hoisting.has(device)) return;
  hoisting.add(device);
  const create = device.createShaderModule.bind(device);
  device.createShaderModule = (descriptor) =>
    create({ ...descriptor, code: hoistDirectives(descriptor.code) });
}
