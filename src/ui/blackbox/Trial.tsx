import { useBlackBoxStore } from '../../state/blackBoxStore';
import { classNamesFor } from '../../state/classNames';
import { useDatasetStore } from '../../state/datasetStore';
import { imageShelf } from '../../state/shelves';
import { formatDuration, formatPercent } from '../common/format';
import { PixelImage } from '../common/PixelImage';
import { useShelf } from '../common/useShelf';
import styles from './BlackBox.module.css';

const SHOWN = 4;

/** The image that was asked about, and the classes the black box is surest of. */
export function Trial() {
  const trial = useBlackBoxStore((state) => state.trial);
  const strip = useShelf(imageShelf, 'blackbox/trial');
  const given = useDatasetStore((state) => state.summary?.classNames ?? null);
  if (trial === null) return null;
  const { confidences, label, seconds } = trial;
  const names = classNamesFor(confidences.length, given);
  const surest = confidences
    .map((confidence, index) => ({ confidence, index }))
    .sort((a, b) => b.confidence - a.confidence)
    .slice(0, SHOWN);
  const truth = label === null ? 'its label is not known' : `labelled ${names[label] ?? label}`;
  return (
    <div className={styles.trial} data-testid="blackbox-trial">
      {strip !== null && (
        <PixelImage strip={strip} index={0} label={`The image, ${truth}`} className={styles.image} />
      )}
      <div>
        <ol className={styles.surest}>
          {surest.map(({ confidence, index }) => (
            <li key={index}>
              <span>{names[index]}</span>
              <i aria-hidden="true">
                <i style={{ inlineSize: `${Math.min(1, Math.max(0, confidence)) * 100}%` }} />
              </i>
              <b>{formatPercent(confidence)}</b>
            </li>
          ))}
        </ol>
        <p className={styles.hint}>
          {truth}; {confidences.length} classes, answered in {formatDuration(seconds)}
        </p>
      </div>
    </div>
  );
}
