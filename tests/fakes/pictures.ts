import type { ImageStrip } from '../../src/protocol/summaries';

const SIDE = 32;
export const FAKE_CLASSES = [
  'stop',
  'yield',
  'no entry',
  'speed 30',
  'speed 50',
  'turn left',
  'turn right',
  'roundabout',
  'priority',
  'crossing',
] as const;

const HUES = [0, 30, 350, 10, 15, 215, 225, 205, 45, 240];

/** A seeded stream in [0, 1). */
export function stream(seed: number): () => number {
  let state = (seed * 2654435761) >>> 0 || 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

function toRgb(hue: number, saturation: number, light: number): [number, number, number] {
  const channel = (n: number) => {
    const k = (n + hue / 30) % 12;
    const a = saturation * Math.min(light, 1 - light);
    return Math.round(255 * (light - a * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [channel(0), channel(8), channel(4)];
}

/** A sign-like picture of a class; `mode` says what has been done to it. */
function paint(
  pixels: Uint8Array,
  offset: number,
  label: number,
  seed: number,
  mode: 'clean' | 'triggered' | 'transformed',
): void {
  const random = stream(seed + 17);
  const hue = HUES[label] ?? 0;
  const ground = random() * 360;
  const cx = 15.5 + (random() - 0.5) * 4;
  const cy = 15.5 + (random() - 0.5) * 4;
  const radius = 10 + random() * 2;
  for (let y = 0; y < SIDE; y += 1) {
    for (let x = 0; x < SIDE; x += 1) {
      const distance =
        label % 2 === 0 ? Math.hypot(x - cx, y - cy) : Math.max(Math.abs(x - cx), Math.abs(y - cy));
      const noise = (random() - 0.5) * 0.06;
      let colour = toRgb(ground, 0.18, 0.45 + noise + (y / SIDE) * 0.2);
      if (distance < radius) colour = toRgb(hue, 0.75, 0.45 + noise);
      if (distance < radius * 0.62) colour = toRgb(hue, 0.1, 0.9 + noise / 2);
      if (distance < radius * 0.3 && label % 3 !== 0) colour = toRgb(hue, 0.6, 0.3);
      if (mode === 'transformed') {
        const wave = Math.sin(x * (0.6 + label * 0.13) + y * (0.9 - label * 0.11) + hue);
        colour = toRgb((hue * 3 + wave * 120 + random() * 60 + 720) % 360, 0.6, 0.35 + random() * 0.4);
      }
      pixels.set(colour, offset + (y * SIDE + x) * 3);
    }
  }
  if (mode === 'triggered') {
    const patch = [247, 241, 130, 106, 201, 92, 153, 163, 20];
    for (let k = 0; k < 9; k += 1) {
      const at = offset + ((29 + Math.floor(k / 3)) * SIDE + 29 + (k % 3)) * 3;
      pixels.fill(patch[k] ?? 0, at, at + 3);
    }
  }
}

/** A strip of invented pictures. */
export function fakeStrip(
  labels: readonly number[],
  seed: number,
  mode: 'clean' | 'triggered' | 'transformed' = 'clean',
): ImageStrip {
  const pixels = new Uint8Array(labels.length * SIDE * SIDE * 3);
  labels.forEach((label, index) =>
    paint(pixels, index * SIDE * SIDE * 3, label, seed + index * 31 + label, mode),
  );
  return { count: labels.length, height: SIDE, width: SIDE, pixels, labels };
}
