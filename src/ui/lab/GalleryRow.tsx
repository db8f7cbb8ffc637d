import { useMemo } from 'react';
import type { AttackDescriptor, ImageStrip } from '../../protocol/summaries';
import { chooseAttack } from '../../state/chooseAttack';
import { useClassNames } from '../../state/classNames';
import { useLabStore } from '../../state/labStore';
import { imageShelf } from '../../state/shelves';
import { cx } from '../common/cx';
import { PixelImage } from '../common/PixelImage';
import { useShelf } from '../common/useShelf';
import { amplifiedDifference } from '../trigger/difference';
import styles from './Gallery.module.css';

interface GalleryRowProps {
  readonly attack: AttackDescriptor;
  readonly chosen: boolean;
}

/** One attack: its name, and what it does to a few images; or why its settings are refused. */
export function GalleryRow({ attack, chosen }: GalleryRowProps) {
  const { kind, label } = attack;
  const refused = useLabStore((state) => state.previews[kind]?.refused ?? null);
  const clean = useShelf(imageShelf, `lab/${kind}/clean`);
  const triggered = useShelf(imageShelf, `lab/${kind}/triggered`);
  const difference = useMemo(
    () => (clean && triggered ? amplifiedDifference(clean, triggered) : null),
    [clean, triggered],
  );
  return (
    <div className={cx(styles.row, chosen && styles.chosen)} data-testid={`attack-${kind}`}>
      <label className={styles.name}>
        <input
          type="radio"
          name="lab-attack"
          checked={chosen}
          onChange={() => chooseAttack(attack)}
          aria-label={label}
        />
        <span>
          <b>{label}</b>
          <small>{refused === null && difference ? `× ${formatFactor(difference.factor)}` : ''}</small>
        </span>
      </label>
      {refused !== null ? (
        <p className={styles.refused} role="status">
          {refused.message}
        </p>
      ) : (
        clean &&
        triggered &&
        difference && (
          <Samples clean={clean} triggered={triggered} difference={difference.strip} attack={label} />
        )
      )}
    </div>
  );
}

interface SamplesProps {
  readonly clean: ImageStrip;
  readonly triggered: ImageStrip;
  readonly difference: ImageStrip;
  readonly attack: string;
}

function Samples({ clean, triggered, difference, attack }: SamplesProps) {
  const names = useClassNames();
  return Array.from({ length: clean.count }, (_, index) => {
    const label = clean.labels[index] ?? null;
    const of = label === null ? `image ${index + 1}` : (names[label] ?? `class ${label}`);
    return (
      <span key={index} className={styles.trio}>
        <PixelImage strip={clean} index={index} label={`${of}, original`} />
        <PixelImage strip={triggered} index={index} label={`${of}, with ${attack}`} />
        <PixelImage strip={difference} index={index} label={`${of}, difference of ${attack}`} />
      </span>
    );
  });
}

/** How many times the difference is stretched: 1.0, 12, 255. */
function formatFactor(factor: number): string {
  return factor < 9.95 ? factor.toFixed(1) : factor.toFixed(0);
}
