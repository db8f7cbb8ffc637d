import { useDeviceStore } from '../../state/deviceStore';
import { useModelStore } from '../../state/modelStore';
import { useDatasetStore } from '../../state/datasetStore';
import { goTo } from '../../state/viewStore';
import { Button } from '../common/Button';
import { useCommands } from '../common/CommandsContext';
import { Icon } from '../common/Icon';
import { LoadingLine } from '../common/LoadingLine';
import { useOpeners } from '../drop/FileInputs';
import { Pipeline } from './Pipeline';
import styles from './Welcome.module.css';

const STEPS = [
  ['Measure', 'How good the model is on clean images, and how often a known trigger takes it over.'],
  [
    'Remap and train',
    'A small network in front of the model redraws each image while the labels are permuted.',
  ],
  [
    'Watch the attack die',
    'Loss, accuracy and attack success as they move; the images as the model sees them.',
  ],
  ['Take it home', 'The transform and the label map, as PyTorch files the published code reads.'],
] as const;

/** What a person meets first: the question, the place for their files, and a demo that needs none. */
export function Welcome() {
  const loading = useModelStore((state) => state.loading);
  const loaded = useModelStore((state) => state.summary !== null);
  const hasImages = useDatasetStore((state) => state.summary !== null);
  return (
    <div className={styles.page}>
      <h1 className={styles.title}>
        Handed a classifier you did not train?
        <br />
        Take the backdoor out.
      </h1>
      <p className={styles.lead}>
        Drop the model and some images. REFINE (ICLR 2025) trains a small network in front of it, here in this
        tab, and you leave with that network, a label map and the evidence. The model itself is never changed.
      </p>
      <Pipeline />
      <div className={styles.ways}>
        <DropPlace />
        <Demo />
      </div>
      <LoadingLine loading={loading} verb="Opening" />
      {(loaded || hasImages) && (
        <p>
          <Button onClick={() => goTo(loaded ? 'train' : 'images')}>
            Back to what is loaded
            <Icon name="arrow" />
          </Button>
        </p>
      )}
      <ol className={styles.steps}>
        {STEPS.map(([name, text], index) => (
          <li key={name}>
            <b>
              <span aria-hidden="true">{index + 1}</span> {name}
            </b>
            {text}
          </li>
        ))}
      </ol>
    </div>
  );
}

function DropPlace() {
  const { openFiles, openFolder } = useOpeners();
  const ready = useDeviceStore((state) => state.status === 'ready');
  return (
    <section className={styles.drop} data-testid="drop-zone" aria-label="Open your own files">
      <p className={styles.dropTitle}>Drop a model and images here</p>
      <dl className={styles.kinds}>
        <dt>Model</dt>
        <dd>
          .pth, .pt, .safetensors (ResNet, VGG, DenseNet, MobileNetV2, ViT), .onnx, Keras, TensorFlow.js
        </dd>
        <dt>Images</dt>
        <dd>CIFAR archives, a zip or a folder with train/CLASS and test/CLASS, .npz, IDX, Parquet</dd>
        <dt>Also</dt>
        <dd>an experiment file, or a defence exported here before</dd>
      </dl>
      <p className={styles.buttons}>
        <Button tone="primary" onClick={openFiles} disabled={!ready}>
          <Icon name="file" />
          Choose files
        </Button>
        <Button onClick={openFolder} disabled={!ready}>
          <Icon name="folder" />
          Choose a folder
        </Button>
      </p>
      <p className={styles.small}>Several at once, in any order. Nothing is uploaded: there is no server.</p>
    </section>
  );
}

function Demo() {
  const { openDemo } = useCommands();
  const ready = useDeviceStore((state) => state.status === 'ready');
  const software = useDeviceStore((state) => state.adapter?.software ?? false);
  return (
    <section className={styles.demo} aria-label="The demo">
      <p className={styles.dropTitle}>No files at hand?</p>
      <p className={styles.what}>
        The demo brings ten kinds of drawn traffic sign and a small ResNet that has learnt them together with
        a backdoor: a small patch in a corner turns every sign into the same one.
      </p>
      <p className={styles.buttons}>
        <Button tone="primary" onClick={() => void openDemo()} disabled={!ready} data-testid="open-demo">
          <Icon name="play" />
          Try the demo
        </Button>
      </p>
      <p className={styles.small}>
        {software
          ? 'This browser computes on the processor: the whole demo takes long here. You can pause, stop or shorten it, and the time left is shown after the first steps.'
          : 'Two hundred steps of training. It starts when you say so.'}
      </p>
    </section>
  );
}
