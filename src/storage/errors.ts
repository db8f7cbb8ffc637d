import { StudioError } from '../protocol/errors';

/** A failed write as a `StudioError`: a full disk or quota is told apart from the rest. */
export function writeError(cause: unknown, what: string): StudioError {
  if (cause instanceof StudioError) return cause;
  const name = cause instanceof Error ? cause.name : '';
  const code = (cause as { code?: unknown } | null)?.code;
  if (name === 'QuotaExceededError' || code === 'ENOSPC' || code === 'EDQUOT') {
    return new StudioError(
      'storage/quota',
      `There is no room left to store ${what}. Delete old runs, or free space on the disk.`,
      { subject: what, cause },
    );
  }
  return new StudioError('storage/unavailable', `${capital(what)} could not be stored.`, {
    subject: what,
    cause,
  });
}

/** Stored data that does not read back as what was written. */
export function corrupt(what: string, detail: string): StudioError {
  return new StudioError(
    'storage/corrupt',
    `${capital(what)} in the studio's storage is damaged and cannot be used.`,
    {
      subject: what,
      detail,
    },
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
