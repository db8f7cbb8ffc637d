import { useEffect, useId, useRef } from 'react';
import { mostImages, type Purpose } from '../../state/blackBoxQuestions';
import { useDatasetStore } from '../../state/datasetStore';
import { useDraftStore } from '../../state/draftStore';
import { Button } from '../common/Button';
import { formatBytes, formatCount } from '../common/format';
import { Icon } from '../common/Icon';
import styles from './LeaveDialog.module.css';

interface LeaveDialogProps {
  readonly url: string;
  readonly encoding: 'float32' | 'uint8';
  readonly purpose: Purpose;
  readonly onAnswer: (allowed: boolean) => void;
}

const WHAT: Readonly<Record<Purpose, string>> = {
  try: 'to see what it answers: a grey one and one of yours',
  distil: 'to distil the surrogate: the training images, and the test images to measure by',
  measure: 'to measure it: the test images as they are, and as the transform makes them',
};

/** Base64 makes four characters of three bytes. */
const BASE64 = 4 / 3;

/** Says what would be sent, to whom and how, and sends nothing before it is allowed. */
export function LeaveDialog({ url, encoding, purpose, onAnswer }: LeaveDialogProps) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const experiment = useDraftStore((state) => state.experiment);
  const dataset = useDatasetStore((state) => state.summary);
  useEffect(() => dialog.current?.showModal(), []);
  const { host, protocol } = new URL(url);
  const images = dataset === null ? 0 : mostImages(purpose, experiment, dataset);
  const imageBytes = (dataset?.height ?? 0) * (dataset?.width ?? 0) * 3 * (encoding === 'float32' ? 4 : 1);
  return (
    <dialog
      ref={dialog}
      className={styles.dialog}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onAnswer(false);
      }}
      data-testid="leave-dialog"
    >
      <h2 id={id} className={styles.title}>
        Send images to {host}?
      </h2>
      <p>
        {purpose === 'try' ? '' : 'At most '}
        <b>{formatCount(images)} images</b> are sent {WHAT[purpose]}. This is the only way that anything
        leaves this machine.
      </p>
      <dl className={styles.facts}>
        <dt>To</dt>
        <dd className={styles.mono}>{url}</dd>
        <dt>How</dt>
        <dd>
          POST over {protocol === 'https:' ? 'https' : 'http, on this machine'}, 64 images a request at most,
          no cookies
        </dd>
        <dt>What</dt>
        <dd>
          <code className={styles.json}>
            {`{"version": 1, "shape": [N, ${dataset?.height ?? 'H'}, ${dataset?.width ?? 'W'}, 3], "dtype": "${encoding}", "pixels": "base64"}`}
          </code>
          about {formatBytes(images * imageBytes * BASE64)} in all
        </dd>
        <dt>Back</dt>
        <dd>
          <code className={styles.json}>{'{"confidences": [[0.9, 0.1], …]}'}</code>
          for every image one number a class
        </dd>
      </dl>
      <p className={styles.small}>
        This is for this one time. You are asked again for the next, and after a reload.
      </p>
      <div className={styles.buttons}>
        <Button onClick={() => onAnswer(false)} data-testid="leave-refuse">
          Send nothing
        </Button>
        <Button tone="primary" onClick={() => onAnswer(true)} data-testid="leave-allow">
          <Icon name="arrow" size={14} />
          Send them
        </Button>
      </div>
    </dialog>
  );
}
