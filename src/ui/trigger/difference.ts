import type { ImageStrip } from '../../protocol/summaries';

/** Where two strips differ, made visible: |a - b| stretched so that the largest difference is white. */
export function amplifiedDifference(
  clean: ImageStrip,
  triggered: ImageStrip,
): { strip: ImageStrip; factor: number } {
  let most = 0;
  const pixels = new Uint8Array(clean.pixels.length);
  for (let index = 0; index < pixels.length; index += 1) {
    most = Math.max(most, Math.abs((clean.pixels[index] ?? 0) - (triggered.pixels[index] ?? 0)));
  }
  const factor = most === 0 ? 1 : 255 / most;
  for (let index = 0; index < pixels.length; index += 1) {
    pixels[index] = Math.round(
      Math.abs((clean.pixels[index] ?? 0) - (triggered.pixels[index] ?? 0)) * factor,
    );
  }
  return { strip: { ...clean, pixels }, factor };
}
