import { create } from 'zustand';
import type { ErrorCode, WireError } from '../protocol/errors';

/** A sentence for the person at the page. Errors stay until dismissed. */
export interface Notice {
  readonly id: number;
  readonly tone: 'error' | 'warning' | 'info' | 'success';
  readonly text: string;
  /** The error's code, from which the page takes its advice; null for what is not an error. */
  readonly code: ErrorCode | null;
  readonly subject: string | null;
  readonly detail: string | null;
}

interface NoticeState {
  readonly notices: readonly Notice[];
  readonly nextId: number;
}

/** What the page has to say just now, oldest first. */
export const useNoticeStore = create<NoticeState>()(() => ({ notices: [], nextId: 1 }));

const MOST = 6;

/** Adds a notice. The same text twice is shown once, at its new place. */
export function notify(
  tone: Notice['tone'],
  text: string,
  more: { readonly code?: ErrorCode; readonly subject?: string | null; readonly detail?: string | null } = {},
): void {
  useNoticeStore.setState(({ notices, nextId }) => {
    const notice: Notice = {
      id: nextId,
      tone,
      text,
      code: more.code ?? null,
      subject: more.subject ?? null,
      detail: more.detail ?? null,
    };
    const others = notices.filter((other) => other.text !== text);
    return { notices: [...others, notice].slice(-MOST), nextId: nextId + 1 };
  });
}

/** Adds an error, unless it is only somebody's own "stop". */
export function notifyError(error: WireError): void {
  if (error.code === 'aborted') return;
  notify('error', error.message, { code: error.code, subject: error.subject, detail: error.detail });
}

export function dismissNotice(id: number): void {
  useNoticeStore.setState(({ notices }) => ({ notices: notices.filter((notice) => notice.id !== id) }));
}
