import { labelOf } from '../../state/blackBoxStore';
import { useDeviceStore } from '../../state/deviceStore';
import { useDraftStore } from '../../state/draftStore';
import { useSessionStore } from '../../state/sessionStore';
import { goTo } from '../../state/viewStore';
import { formatAgo, formatBytes, formatCount } from '../common/format';
import { Icon } from '../common/Icon';
import { useNow } from '../common/useNow';
import styles from './Footer.module.css';

/** What is kept, what the GPU holds, and that nothing leaves. */
export function Footer() {
  const savedAt = useSessionStore((state) => state.savedAt);
  const memory = useDeviceStore((state) => state.memory);
  const asked = useDraftStore(({ experiment: { model } }) =>
    model.blackBox === null || model.blackBox.url === null ? '' : labelOf(model.blackBox),
  );
  const now = useNow(2000);
  return (
    <footer className={styles.footer}>
      <span className={styles.saved}>
        {savedAt === null ? 'Nothing to save yet' : `Saved ${formatAgo(now - savedAt)}`}
      </span>
      <span title="Buffers the engine holds on the GPU, and its tensors">
        {memory === null
          ? 'GPU –'
          : `GPU ${formatBytes(memory.gpuBytes)} · ${formatCount(memory.tensors)} tensors`}
      </span>
      <button type="button" className={styles.link} onClick={() => goTo('diagnostics')}>
        Diagnostics
      </button>
      <span className={styles.private}>
        <Icon name="lock" size={13} />
        {asked === '' ? 'Nothing leaves this machine' : `Only what you allow goes to ${asked}`}
      </span>
    </footer>
  );
}
