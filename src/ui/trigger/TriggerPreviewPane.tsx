import { Fragment, useEffect, useMemo } from 'react';
import type { ImageStrip } from '../../protocol/summaries';
import { useClassNames } from '../../state/classNames';
import { useDraftStore } from '../../state/draftStore';
import { imageShelf } from '../../state/shelves';
import { useTriggerStore } from '../../state/triggerStore';
import { useCommands } from '../common/CommandsContext';
import { LoadingLine } from '../common/LoadingLine';
import { PixelImage } from '../common/PixelImage';
import { useShelf } from '../common/useShelf';
import { amplifiedDifference } from './difference';
import styles from './TriggerPreviewPane.module.css';

const QUIET_MS = 350;

/** Clean and triggered images and what lies between them; drawn again a moment after the trigger changes. */
export function TriggerPreviewPane() {
  const { previewTrigger } = useCommands();
  const attack = useDraftStore((state) => JSON.stringify(state.experiment.attack));
  const shown = useTriggerStore((state) => state.shown);
  const preview = useTriggerStore((state) => state.preview);
  const clean = useShelf(imageShelf, 'trigger/clean');
  const triggered = useShelf(imageShelf, 'trigger/triggered');
  useEffect(() => {
    if (attack === shown && clean !== null) return;
    const timer = setTimeout(() => void previewTrigger(), QUIET_MS);
    return () => clearTimeout(timer);
  }, [attack, shown, clean, previewTrigger]);
  return (
    <>
      {clean !== null && triggered !== null && <Rows clean={clean} triggered={triggered} />}
      {(clean === null || preview.kind === 'failed') && <LoadingLine loading={preview} verb="Drawing" />}
    </>
  );
}

function Rows({ clean, triggered }: { readonly clean: ImageStrip; readonly triggered: ImageStrip }) {
  const names = useClassNames();
  const difference = useMemo(() => amplifiedDifference(clean, triggered), [clean, triggered]);
  const rows = [
    { name: 'clean', strip: clean, note: '' },
    { name: 'triggered', strip: triggered, note: '' },
    { name: 'difference', strip: difference.strip, note: `times ${difference.factor.toFixed(1)}` },
  ];
  return (
    <div
      className={styles.grid}
      style={{ gridTemplateColumns: `92px repeat(${clean.count}, minmax(0, 1fr))` }}
    >
      {rows.map(({ name, strip, note }) => (
        <Fragment key={name}>
          <span className={styles.name} data-row={name}>
            {name}
            {note !== '' && <small>{note}</small>}
          </span>
          {Array.from({ length: strip.count }, (_, index) => {
            const label = clean.labels[index];
            const of =
              label === null || label === undefined ? 'an image' : (names[label] ?? `class ${label}`);
            return <PixelImage key={index} strip={strip} index={index} label={`${of}, ${name}`} />;
          })}
        </Fragment>
      ))}
    </div>
  );
}
