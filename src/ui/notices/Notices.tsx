import { dismissNotice, type Notice, useNoticeStore } from '../../state/noticeStore';
import { adviceFor } from '../common/advice';
import { cx } from '../common/cx';
import { Icon } from '../common/Icon';
import { useEffect } from 'react';
import styles from './Notices.module.css';

const WORDS = { error: 'Problem', warning: 'Note', info: 'Note', success: 'Done' } as const;

/** Sentences for the person, newest last. Errors and warnings stay until dismissed. */
export function Notices() {
  const notices = useNoticeStore((state) => state.notices);
  return (
    <div className={styles.stack}>
      {notices.map((notice) => (
        <NoticeBox key={notice.id} notice={notice} />
      ))}
    </div>
  );
}

const READING_MS = 9000;

function NoticeBox({ notice }: { readonly notice: Notice }) {
  const { id, tone, text, code, detail } = notice;
  const passing = tone === 'info' || tone === 'success';
  useEffect(() => {
    if (!passing) return;
    const timer = setTimeout(() => dismissNotice(id), READING_MS);
    return () => clearTimeout(timer);
  }, [id, passing]);
  const advice = code === null ? '' : adviceFor(code);
  return (
    <div
      className={cx(styles.notice, styles[tone])}
      role={tone === 'error' ? 'alert' : 'status'}
      data-testid="notice"
      data-tone={tone}
      data-code={code ?? undefined}
    >
      <Icon name={tone === 'error' || tone === 'warning' ? 'warning' : 'check'} />
      <div className={styles.words}>
        <p>
          <span className="sr-only">{WORDS[tone]}: </span>
          {text}
        </p>
        {advice !== '' && <p className={styles.advice}>{advice}</p>}
        {detail !== null && (
          <details className={styles.detail}>
            <summary>Details</summary>
            <code>{detail}</code>
          </details>
        )}
      </div>
      <button type="button" className={styles.close} onClick={() => dismissNotice(id)} aria-label="Dismiss">
        <Icon name="close" />
      </button>
    </div>
  );
}
