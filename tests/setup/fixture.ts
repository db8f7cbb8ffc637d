/** The bytes of a committed fixture, by its path under `tests/fixtures`; in Node from disk, in Chrome from the test server. */
export async function readFixture(path: string): Promise<Uint8Array<ArrayBuffer>> {
  if (typeof process !== 'undefined' && process.versions?.node) {
    const { readFile } = await import('node:fs/promises');
    const bytes = await readFile(new URL(`../fixtures/${path}`, import.meta.url));
    return Uint8Array.from(bytes);
  }
  const response = await fetch(`/tests/fixtures/${path}`);
  if (!response.ok) throw new Error(`fixture ${path}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
