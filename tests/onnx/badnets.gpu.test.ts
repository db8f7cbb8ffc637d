import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedPath } from '../setup/shared';
import { openDevice, type OpenDevice } from '../../src/compute/device/device';
import { compileOnnx } from '../../src/compute/onnx/compileOnnx';
import { tf } from '../../src/compute/tf';
import { readOnnx } from '../../src/formats/models/onnx/readOnnx';
import { relativeDistance } from '../setup/distance';
import { inputFile } from '../setup/inputFile';

// A real backdoored network on real images: PyTorch's logits, and onnxruntime's.
const path = sharedPath('models/badnets_resnet18_w16.onnx');
const logitsPath = sharedPath('models/badnets_resnet18_w16_logits.npz');

let device: OpenDevice;

beforeAll(async () => {
  device = await openDevice();
});

afterAll(() => device.close());

describe.skipIf(path === null || logitsPath === null)('badnets_resnet18_w16.onnx', () => {
  it("gives PyTorch's and onnxruntime's logits on real images", async () => {
    const { readFile } = await import('node:fs/promises');
    const { parseNpz } = await import('../setup/npz');
    const { runOrt } = await import('./ort');
    const bytes = Uint8Array.from(await readFile(path!));
    const arrays = parseNpz(Uint8Array.from(await readFile(logitsPath!)));
    const images = arrays.get('images_uint8_nhwc')!;
    const [count = 0, side = 0] = images.shape;
    const [mean, std] = [[0.4914, 0.4822, 0.4465], [0.2023, 0.1994, 0.201]]; // prettier-ignore
    const pixels = Float32Array.from(images.data, (v, i) => (v / 255 - mean[i % 3]!) / std[i % 3]!);
    const network = compileOnnx(await readOnnx(inputFile('badnets.onnx', bytes)), 'badnets.onnx').build();
    const x = tf.tensor4d(pixels, [count, side, side, 3]);
    const output = tf.tidy(() => network.forward(x).logits);
    const ours = Float32Array.from(await output.data());
    const nchw = await tf.transpose(x, [0, 3, 1, 2]).data();
    const name = (await readOnnx(inputFile('badnets.onnx', bytes))).inputs[0]!.name;
    const theirs = Object.values(
      await runOrt(bytes, { [name]: { data: nchw as Float32Array, shape: [count, 3, side, side] } }),
    )[0]!;
    const worst = ours.reduce((most, value, i) => Math.max(most, Math.abs(value - theirs[i]!)), 0);
    console.info(`largest difference from onnxruntime's logits: ${worst}`);
    expect(worst).toBeLessThan(1e-3);
    expect(relativeDistance(ours, arrays.get('logits')!.data)).toBeLessThan(1e-4);
    network.dispose();
    tf.dispose([x, output]);
  });
});
