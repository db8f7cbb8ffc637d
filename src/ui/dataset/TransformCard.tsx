import { type ReactNode, useRef } from 'react';
import type { DatasetSummary, TransformImagesSummary } from '../../protocol/summaries';
import { useDraftStore } from '../../state/draftStore';
import { useTransformStore } from '../../state/transformStore';
import { useViewStore } from '../../state/viewStore';
import { Button } from '../common/Button';
import { Card } from '../common/Card';
import { useCommands } from '../common/CommandsContext';
import { cx } from '../common/cx';
import { formatBytes, formatCount } from '../common/format';
import { formatName } from '../common/formatName';
import { LoadingLine } from '../common/LoadingLine';
import { filesOfInput } from '../drop/collectFiles';
import { KeptLine } from './KeptLine';
import styles from './TransformCard.module.css';

/** Where images are chosen that only the transform is trained on (Table 9 of the paper); files dropped on it go there. */
export function TransformCard({ data }: { readonly data: DatasetSummary }) {
  const named = useDraftStore((state) => state.experiment.dataset.transformPath);
  const summary = useTransformStore((state) => state.summary);
  const kept = useTransformStore((state) => state.kept);
  const loading = useTransformStore((state) => state.loading);
  const dragging = useViewStore((state) => state.dragging);
  const missing = named !== null && summary?.path !== named;
  return (
    <div
      className={cx(styles.place, dragging && styles.target)}
      data-drop="transform"
      data-testid="transform-card"
    >
      <Card
        title="For training the transform only"
        note={dragging ? 'drop them here' : (summary?.path ?? undefined)}
      >
        <LoadingLine loading={loading} verb="Reading" />
        {summary === null && !missing && <Explanation count={data.trainCount} />}
        {missing && (
          <p className={styles.warning}>
            The settings train the transform on <b>{named}</b>, which is not loaded. Drop it here, or choose
            it.
          </p>
        )}
        {summary !== null && <Facts summary={summary} data={data} used={summary.path === named} />}
        <KeptLine kept={kept} />
        <Actions summary={summary} named={named} />
      </Card>
    </div>
  );
}

function Explanation({ count }: { readonly count: number }) {
  return (
    <p className={styles.text}>
      The transform is trained on the {formatCount(count)} images above. Other images can be taken for that,
      of other classes or of none: their labels are not used, and the images above are still what is measured
      on.
    </p>
  );
}

function Facts({
  summary,
  data,
  used,
}: {
  readonly summary: TransformImagesSummary;
  readonly data: DatasetSummary;
  readonly used: boolean;
}) {
  const { count, width, height, labelled, format, notes } = summary;
  const resized = width !== data.width || height !== data.height;
  return (
    <>
      <dl className={styles.facts}>
        <div>
          <dt>to train the transform with</dt>
          <dd>{formatCount(count)}</dd>
        </div>
        <div>
          <dt>pixels{resized && `, brought to ${data.width} × ${data.height}`}</dt>
          <dd>
            {width} × {height}
          </dd>
        </div>
        <div>
          <dt>decoded</dt>
          <dd>{formatBytes(count * data.width * data.height * 3)}</dd>
        </div>
      </dl>
      <p className={styles.text}>
        {formatName(format)}.{' '}
        {labelled ? 'Their labels are not used.' : 'They have no labels, and need none.'}
        {!used && ' These settings do not use them.'}
      </p>
      {notes.map((note) => (
        <p key={note} className={styles.text}>
          {note}
        </p>
      ))}
    </>
  );
}

function Actions({
  summary,
  named,
}: {
  readonly summary: TransformImagesSummary | null;
  readonly named: string | null;
}) {
  const { nameTransformImages, removeTransformImages } = useCommands();
  const unused = summary !== null && named !== summary.path;
  return (
    <p className={styles.actions}>
      {unused && (
        <Button small onClick={nameTransformImages} data-testid="transform-use">
          Use them
        </Button>
      )}
      <Chooser folder={false} testId="transform-files">
        Choose files
      </Chooser>
      <Chooser folder testId="transform-folder">
        Choose a folder
      </Chooser>
      {(summary !== null || named !== null) && (
        <Button small onClick={() => void removeTransformImages()} data-testid="transform-remove">
          {summary === null ? 'Go without' : 'Remove'}
        </Button>
      )}
    </p>
  );
}

/** A button with a file input of its own. */
function Chooser({
  folder,
  testId,
  children,
}: {
  readonly folder: boolean;
  readonly testId: string;
  readonly children: ReactNode;
}) {
  const { openTransformImages } = useCommands();
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label={`${folder ? 'Open a folder' : 'Open files'} for training the transform`}
        data-testid={testId}
        {...(folder ? { webkitdirectory: '' } : {})}
        onChange={({ currentTarget }) => {
          const chosen = filesOfInput(currentTarget.files ?? []);
          // The same file chosen again must be heard as well.
          currentTarget.value = '';
          void openTransformImages(chosen);
        }}
      />
      <Button small onClick={() => input.current?.click()}>
        {children}
      </Button>
    </>
  );
}
