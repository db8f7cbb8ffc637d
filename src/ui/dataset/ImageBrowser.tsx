import type { DatasetSummary } from '../../protocol/summaries';
import { type ImageFilter, IMAGES_PER_PAGE, useDatasetStore } from '../../state/datasetStore';
import { imageShelf } from '../../state/shelves';
import { Button } from '../common/Button';
import { useCommands } from '../common/CommandsContext';
import { formatCount } from '../common/format';
import { PixelImage } from '../common/PixelImage';
import { Segmented } from '../common/Segmented';
import { useShelf } from '../common/useShelf';
import styles from './ImageBrowser.module.css';

/** A page of images, of every class or of one. */
export function ImageBrowser({ summary }: { readonly summary: DatasetSummary }) {
  const { showImages } = useCommands();
  const filter = useDatasetStore((state) => state.filter);
  const failed = useDatasetStore((state) =>
    state.images.kind === 'failed' ? state.images.error.message : null,
  );
  const strip = useShelf(imageShelf, 'dataset/images');
  const show = (change: Partial<ImageFilter>) => void showImages({ ...filter, offset: 0, ...change });
  const nameOf = (label: number | null | undefined) =>
    label === null || label === undefined ? 'no label' : (summary.classNames[label] ?? `class ${label}`);
  const count = strip?.count ?? 0;
  const { offset } = filter;
  return (
    <>
      <div className={styles.bar}>
        <Segmented
          label="Part of the data"
          value={filter.split}
          options={[
            { value: 'train', label: 'Train' },
            { value: 'test', label: 'Test', disabled: summary.testCount === null },
          ]}
          onChange={(split) => show({ split })}
        />
        {summary.labelled && (
          <select
            aria-label="Class"
            className={styles.select}
            value={filter.classIndex ?? 'all'}
            onChange={(event) =>
              show({ classIndex: event.target.value === 'all' ? null : Number(event.target.value) })
            }
            data-testid="class-filter"
          >
            <option value="all">every class</option>
            {summary.classNames.map((name, index) => (
              <option key={name} value={index}>
                {name}
              </option>
            ))}
          </select>
        )}
        <span className={styles.pages}>
          {offset === null
            ? 'a few of every class'
            : count > 0 && `${formatCount(offset + 1)} to ${formatCount(offset + count)}`}
          <Button
            small
            disabled={offset === null || offset === 0}
            onClick={() => show({ offset: Math.max(0, (offset ?? 0) - IMAGES_PER_PAGE) })}
          >
            Earlier
          </Button>
          <Button
            small
            disabled={offset !== null && count < IMAGES_PER_PAGE}
            onClick={() => show({ offset: offset === null ? 0 : offset + IMAGES_PER_PAGE })}
          >
            {offset === null ? 'All' : 'More'}
          </Button>
        </span>
      </div>
      {failed !== null && <p role="alert">{failed}</p>}
      <ul className={styles.grid}>
        {strip !== null &&
          Array.from({ length: strip.count }, (_, index) => (
            <li key={index}>
              <PixelImage strip={strip} index={index} label={nameOf(strip.labels[index])} />
              <span>{nameOf(strip.labels[index])}</span>
            </li>
          ))}
      </ul>
    </>
  );
}
