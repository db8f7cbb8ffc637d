/** Ten colours that stay apart for common colour blindness (after P. Tol's qualitative schemes); more classes share hues. */
const LIGHT = [
  '#4477aa',
  '#cc3311',
  '#228833',
  '#aa3377',
  '#a88600',
  '#0f8a99',
  '#7b5ac6',
  '#5f5f5f',
  '#c2608f',
  '#6b4c1e',
] as const;
const DARK = [
  '#77aadd',
  '#ee7755',
  '#66cc77',
  '#dd77bb',
  '#ddcc55',
  '#55cccc',
  '#b49cff',
  '#bbbbbb',
  '#ffaabb',
  '#c79f66',
] as const;

/** The colour of a class. */
export function classColour(index: number, dark: boolean): string {
  const colours = dark ? DARK : LIGHT;
  return colours[index % colours.length] ?? '#888888';
}
