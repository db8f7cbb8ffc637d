/** Saves bytes as a file of the person's, by a link that is clicked and thrown away. */
export function download(name: string, bytes: BlobPart): void {
  const url = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  // The download has read the URL well before; without this every export would stay in memory.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
