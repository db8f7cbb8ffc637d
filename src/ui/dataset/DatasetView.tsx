import type { DatasetSummary } from '../../protocol/summaries';
import { useDatasetStore } from '../../state/datasetStore';
import { setField, useDraftStore } from '../../state/draftStore';
import { Button } from '../common/Button';
import { Card } from '../common/Card';
import { Empty } from '../common/Empty';
import { formatBytes, formatCount } from '../common/format';
import { formatName } from '../common/formatName';
import { LoadingLine } from '../common/LoadingLine';
import { useOpeners } from '../drop/FileInputs';
import { ClassBars } from './ClassBars';
import styles from './DatasetView.module.css';
import { ImageBrowser } from './ImageBrowser';
import { KeptLine } from './KeptLine';
import { TransformCard } from './TransformCard';

/** The data card: what the images are, how many of each class, and the images themselves. */
export function DatasetView() {
  const summary = useDatasetStore((state) => state.summary);
  const loading = useDatasetStore((state) => state.loading);
  return (
    <div className={styles.view}>
      <Card title="Images" note={summary?.name} testId="dataset-card">
        <LoadingLine loading={loading} verb="Reading" />
        {summary === null ? loading.kind !== 'loading' && <NoImages /> : <Facts summary={summary} />}
      </Card>
      {summary !== null && (
        <Card
          title="Classes"
          note={`${summary.classNames.length} ${summary.labelled ? 'with labels' : 'without labels'}`}
        >
          <ClassBars summary={summary} />
        </Card>
      )}
      {summary !== null && <TransformCard data={summary} />}
      {summary !== null && (
        <Card
          title="Look at them"
          className={styles.wide}
          note={`${summary.width} × ${summary.height} pixels`}
        >
          <ImageBrowser summary={summary} />
        </Card>
      )}
    </div>
  );
}

function NoImages() {
  const { openFiles, openFolder } = useOpeners();
  return (
    <Empty title="No images yet">
      <p>
        Drop a CIFAR-10 archive, a zip, or a folder with train/CLASS and test/CLASS. Labels are used to
        measure, never to train; without them the studio reports how often the defended model agrees with the
        original.
      </p>
      <p className={styles.buttons}>
        <Button onClick={openFiles}>Choose files</Button>
        <Button onClick={openFolder}>Choose a folder</Button>
      </p>
    </Empty>
  );
}

function Facts({ summary }: { readonly summary: DatasetSummary }) {
  const kept = useDatasetStore((state) => state.kept);
  const order = useDraftStore((state) => state.experiment.model.channelOrder);
  const inUse = useDraftStore(({ experiment: { model } }) => {
    const { mean, std } = model.normalization;
    return JSON.stringify([mean, std]) === JSON.stringify(statistics(summary, order));
  });
  const take = () => {
    const [mean, std] = statistics(summary, order);
    setField('model.normalization', { mean, std });
  };
  return (
    <>
      <dl className={styles.facts}>
        <div className={styles.big}>
          <dt>to train with</dt>
          <dd>{formatCount(summary.trainCount)}</dd>
        </div>
        <div className={styles.big}>
          <dt>to test with</dt>
          <dd>{summary.testCount === null ? 'none' : formatCount(summary.testCount)}</dd>
        </div>
        <div className={styles.big}>
          <dt>{kept === null ? 'of memory, decoded' : 'decoded'}</dt>
          <dd>{formatBytes(summary.decodedBytes)}</dd>
        </div>
      </dl>
      <KeptLine kept={kept} />
      {summary.notes?.map((note) => (
        <p key={note}>{note}</p>
      ))}
      <table className={styles.statistics}>
        <caption>
          {formatName(summary.format)}. Mean and standard deviation of {formatCount(summary.statisticsSample)}{' '}
          training images, pixels in [0, 1]:
        </caption>
        <thead>
          <tr>
            <td />
            {['R', 'G', 'B'].map((letter) => (
              <th key={letter} scope="col">
                {letter}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <Row name="Mean" values={summary.mean} />
          <Row name="Standard deviation" values={summary.std} />
        </tbody>
      </table>
      <div className={styles.take}>
        <Button small onClick={take} disabled={inUse}>
          {inUse ? 'In use as normalisation' : 'Use as normalisation'}
        </Button>
        <span>Only right if the model was trained with these; the model card can try.</span>
      </div>
      {summary.testCount === null && (
        <p className={styles.warning}>There is no test part: the defence can be trained, but not measured.</p>
      )}
    </>
  );
}

/** The data's statistics in the order the model takes its channels. */
function statistics({ mean, std }: DatasetSummary, order: 'RGB' | 'BGR'): [number[], number[]] {
  const round = (values: readonly number[]) => values.map((value) => Math.round(value * 1e4) / 1e4);
  const turn = (values: number[]) => (order === 'RGB' ? values : values.reverse());
  return [turn(round(mean)), turn(round(std))];
}

function Row({ name, values }: { readonly name: string; readonly values: readonly number[] }) {
  return (
    <tr>
      <th scope="row">{name}</th>
      {values.map((value, channel) => (
        <td key={channel}>{value.toFixed(4)}</td>
      ))}
    </tr>
  );
}
