import { readFileSync, readdirSync } from 'node:fs';
import { it } from 'vitest';
import { inputFile } from '../../../tests/setup/inputFile';
import { graphShapes } from '../../formats/models/graph/shapes';
import { readModel } from '../../formats/models/readModel';
import { tf } from '../tf';
import { buildGraphClassifier } from './graphClassifier';
it.each(['inception_v3'])('%s', async (name) => {
  await tf.setBackend('cpu');
  const d = `/tmp/npm/nsfw/${name}`;
  const json = JSON.parse(readFileSync(`${d}/model.json`, 'utf8')) as { modelTopology: object; weightsManifest: { weights: tf.io.WeightsManifestEntry[]; paths: string[] }[]; format?: string };
  const all = readdirSync(d).filter((f) => f.startsWith('group')).map((f) => inputFile(f, readFileSync(`${d}/${f}`)));
  const t0 = Date.now();
  const m = await readModel(inputFile('model.json', readFileSync(`${d}/model.json`, 'utf8')), all);
  const shapes = graphShapes(m.graph!, m.state, name);
  const c = buildGraphClassifier(m.graph!, m.state, shapes);
  console.log(name, m.format, JSON.stringify(m.metadata), shapes.inputShape, shapes.classes, m.state.size, 'tensors', Date.now() - t0, 'ms');
  const data = Buffer.concat(json.weightsManifest[0]!.paths.map((p) => readFileSync(`${d}/${p}`)));
  const handler = tf.io.fromMemory({ modelTopology: json.modelTopology, weightSpecs: json.weightsManifest[0]!.weights, weightData: new Uint8Array(data).buffer });
  const model = json.format === 'graph-model' ? await tf.loadGraphModel(handler) : await tf.loadLayersModel(handler);
  const [h, w, ch] = shapes.inputShape;
  let s = 777;
  const px = Float32Array.from({ length: h * w * ch }, () => ((s = (s * 1103515245 + 12345) % 2147483648) / 2147483648));
  const x = tf.tensor4d(px, [1, h, w, ch]);
  const theirs = (model.predict(x) as tf.Tensor).dataSync();
  console.log(name, 'tfjs done', Date.now() - t0);
  { const { planGraph } = await import('./plan'); const k: Record<string, number> = {}; for (const st of planGraph(m.graph!, m.state, shapes).steps) k[st.op.kind] = (k[st.op.kind] ?? 0) + 1; console.log(JSON.stringify(k)); }
  const logits = c.forward(x).logits;
  const ours = tf.softmax(logits).dataSync();
  console.log(name, 'theirs', Array.from(theirs).slice(0, 6), 'softmax(ours)', Array.from(ours).slice(0, 6), 'worst', Math.max(...Array.from(theirs, (v, i) => Math.abs(v - ours[i]!))), 'logits', Array.from(logits.dataSync()).slice(0, 6));
  if (name !== 'inception_v3') {
    const sum = (at: tf.Tensor) => tf.sum(c.forward(at as tf.Tensor4D).logits.slice([0, 1], [-1, 1]));
    const g = tf.grad((at: tf.Tensor) => sum(at) as tf.Scalar)(x).dataSync();
    const dir = Float32Array.from(g, (v) => Math.sign(v));
    const f = (by: number) => sum(tf.tensor4d(px.map((v, i) => v + by * dir[i]!), [1, h, w, ch])).dataSync()[0]!;
    for (const e of [3e-4]) console.log(name, 'gradient along its sign', g.reduce((a, v, i) => a + v * dir[i]!, 0), 'fd', (f(e) - f(-e)) / (2 * e));
  }
}, 3600000);
