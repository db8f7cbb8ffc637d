/** Rows that a table of labels may have: two million images, as everywhere. */
const MAX_ROWS = 2_000_000;
/** Bytes of a table that is read: ImageNet's has 60 MB with full paths. */
export const MAX_TABLE_BYTES = 128 * 2 ** 20;

/** The delimiter that the first line has most of. */
function delimiterOf(line: string): string {
  const count = (mark: string) => line.split(mark).length;
  return [',', ';', '\t'].reduce((best, mark) => (count(mark) > count(best) ? mark : best));
}

/**
 * Rows of a table as RFC 4180 has them (quotes, doubled quotes), delimited by comma, semicolon or tab; cells are
 * trimmed, empty lines left out. Null where there are too many rows.
 */
export function parseCsv(text: string): string[][] | null {
  const clean = text.replace(/^\ufeff/, '');
  const mark = delimiterOf(clean.slice(0, 4096).split(/\r?\n/, 1)[0] ?? '');
  const rows: string[][] = [];
  for (const line of clean.split(/\r?\n/)) {
    if (line.trim() === '') continue;
    if (rows.length >= MAX_ROWS) return null;
    rows.push(line.includes('"') ? quotedCells(line, mark) : line.split(mark).map((cell) => cell.trim()));
  }
  return rows;
}

function quotedCells(line: string, mark: string): string[] {
  const cells: string[] = [];
  let cell = '';
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    const letter = line.charAt(i);
    if (letter === '"' && quoted && line.charAt(i + 1) === '"') {
      cell += '"';
      i++;
    } else if (letter === '"') quoted = !quoted;
    else if (letter === mark && !quoted) {
      cells.push(cell.trim());
      cell = '';
    } else cell += letter;
  }
  return [...cells, cell.trim()];
}
