const LOCAL: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Why an address is not asked, completing "it is not asked: ..."; null for one that may be asked once that is allowed. */
export function addressProblem(url: string): string | null {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return 'this is not an address';
  }
  const local = parsed.protocol === 'http:' && LOCAL.has(parsed.hostname);
  if (parsed.protocol !== 'https:' && !local) return 'it must be https, or http on this machine';
  if (parsed.username !== '' || parsed.password !== '') return 'an address with a password in it is not used';
  return null;
}

/** What an address is called for people: its host, with its port and its path. The address has to be a valid one. */
export function addressLabel(url: string): string {
  const { host, pathname } = new URL(url);
  return host + pathname;
}
