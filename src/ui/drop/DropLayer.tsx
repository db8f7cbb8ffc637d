import { useEffect } from 'react';
import { notify } from '../../state/noticeStore';
import { useViewStore } from '../../state/viewStore';
import { useCommands } from '../common/CommandsContext';
import { filesOfDrop } from './collectFiles';
import styles from './DropLayer.module.css';

/** Takes files dropped anywhere on the page, and says so while they hover. */
export function DropLayer() {
  const { openFiles, openTransformImages } = useCommands();
  const dragging = useViewStore((state) => state.dragging);
  useEffect(() => {
    let depth = 0;
    const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    const set = (value: boolean) => useViewStore.setState({ dragging: value });
    const enter = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      depth += 1;
      set(true);
    };
    const leave = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      depth = Math.max(0, depth - 1);
      if (depth === 0) set(false);
    };
    const over = (event: DragEvent) => {
      if (carriesFiles(event)) event.preventDefault();
    };
    const drop = (event: DragEvent) => {
      depth = 0;
      set(false);
      if (event.dataTransfer === null || !carriesFiles(event)) return;
      event.preventDefault();
      const place = event.target instanceof Element ? event.target.closest('[data-drop="transform"]') : null;
      filesOfDrop(event.dataTransfer).then(place === null ? openFiles : openTransformImages, () =>
        notify('error', 'A dropped folder could not be read to its end.', { code: 'file/unreadable' }),
      );
    };
    document.addEventListener('dragenter', enter);
    document.addEventListener('dragleave', leave);
    document.addEventListener('dragover', over);
    document.addEventListener('drop', drop);
    return () => {
      document.removeEventListener('dragenter', enter);
      document.removeEventListener('dragleave', leave);
      document.removeEventListener('dragover', over);
      document.removeEventListener('drop', drop);
    };
  }, [openFiles, openTransformImages]);
  if (!dragging) return null;
  return (
    <div className={styles.layer} aria-hidden="true">
      <div className={styles.box}>
        Drop the model, the images, settings or an exported defence
        <small>several files or a folder at once, in any order</small>
      </div>
    </div>
  );
}
