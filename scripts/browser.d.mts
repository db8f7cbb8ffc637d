export const CHROME_FLAGS: string[];
export function findChrome(): string | null;
export function canInstall(): boolean;
export function ensureChrome(): string | null;
export function nodeAdapter(): string | null;
