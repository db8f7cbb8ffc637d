import type { RandomStream } from '../random';
import { blend, type Canvas, fillBox, mix, SIDE, smoothstep } from './canvas';
import type { Colour } from './signs';
import { valueNoise } from './texture';

const SKIES: readonly (readonly [top: Colour, bottom: Colour])[] = [
  [
    [0.25, 0.5, 0.85],
    [0.72, 0.85, 0.95],
  ],
  [
    [0.55, 0.6, 0.66],
    [0.82, 0.84, 0.86],
  ],
  [
    [0.35, 0.4, 0.6],
    [0.95, 0.72, 0.5],
  ],
  [
    [0.1, 0.14, 0.25],
    [0.32, 0.34, 0.42],
  ],
];
const LEAVES: readonly Colour[] = [
  [0.16, 0.34, 0.12],
  [0.3, 0.45, 0.14],
  [0.52, 0.4, 0.14],
  [0.1, 0.25, 0.16],
];
const WALLS: readonly Colour[] = [
  [0.62, 0.36, 0.28],
  [0.76, 0.7, 0.6],
  [0.5, 0.5, 0.53],
  [0.85, 0.82, 0.76],
  [0.35, 0.3, 0.29],
];
const GROUND: readonly Colour[] = [
  [0.36, 0.36, 0.38],
  [0.3, 0.42, 0.16],
  [0.55, 0.48, 0.36],
  [0.22, 0.22, 0.24],
];

function pick<T>(random: RandomStream, from: readonly [T, ...T[]] | readonly T[]): T {
  return from[random.below(from.length)] as T;
}

/** A colour a little off the given one. */
function vary(random: RandomStream, colour: Colour, by = 0.08): Colour {
  const shade = random.uniform(-by, by);
  return [
    colour[0] + shade + random.uniform(-by, by) / 2,
    colour[1] + shade + random.uniform(-by, by) / 2,
    colour[2] + shade + random.uniform(-by, by) / 2,
  ];
}

function sky(canvas: Canvas, random: RandomStream): void {
  const [top, bottom] = pick(random, SKIES);
  const clouds = valueNoise(random, 2 + random.below(4));
  const cover = random.uniform(0, 0.7);
  for (let y = 0; y < SIDE; y++) {
    const base = mix(top, bottom, y / (SIDE - 1));
    for (let x = 0; x < SIDE; x++) {
      blend(canvas, x, y, base, 1);
      const cloud = smoothstep(0.45, 0.85, clouds[y * SIDE + x] ?? 0) * cover;
      blend(canvas, x, y, mix(base, [1, 1, 1], 0.75), cloud);
    }
  }
}

/** A row of houses with windows, their roofs at different heights. */
function houses(canvas: Canvas, random: RandomStream): void {
  let left = random.uniform(-8, 2);
  while (left < SIDE) {
    const right = left + random.uniform(6, 16);
    const top = random.uniform(2, 20);
    const wall = vary(random, pick(random, WALLS));
    fillBox(canvas, { left, top, right, bottom: SIDE }, wall);
    const glass = vary(random, random.below(3) === 0 ? [0.9, 0.8, 0.5] : [0.2, 0.25, 0.32]);
    const pitch = random.uniform(3.2, 5);
    for (let y = top + 1.5; y < SIDE - 2; y += pitch) {
      for (let x = left + 1.2; x + 1.6 < right; x += pitch) {
        fillBox(canvas, { left: x, top: y, right: x + 1.7, bottom: y + 2.1 }, glass, 0.85);
      }
    }
    left = right + (random.below(2) === 0 ? 0 : random.uniform(0, 6));
  }
}

/** Round crowns of leaves with lighter and darker patches. */
function trees(canvas: Canvas, random: RandomStream): void {
  const patches = valueNoise(random, 9);
  const count = 2 + random.below(4);
  for (let i = 0; i < count; i++) {
    const cx = random.uniform(-3, SIDE + 3);
    const cy = random.uniform(6, 26);
    const radius = random.uniform(5, 13);
    const leaf = vary(random, pick(random, LEAVES));
    fillBox(canvas, { left: cx - 0.9, top: cy, right: cx + 0.9, bottom: SIDE }, [0.27, 0.2, 0.14]);
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++) {
        const patch = patches[y * SIDE + x] ?? 0;
        const dx = x + 0.5 - cx;
        const dy = y + 0.5 - cy;
        const away = (dx * dx + dy * dy) / (radius * radius) + (patch - 0.5) * 0.8;
        if (away > 1.15) continue;
        const light = 0.65 + 0.6 * patch - 0.15 * (dy / radius);
        blend(
          canvas,
          x,
          y,
          [leaf[0] * light, leaf[1] * light, leaf[2] * light],
          1 - smoothstep(0.8, 1.15, away),
        );
      }
    }
  }
}

/** A wall close behind the sign, with courses of brick or without. */
function wall(canvas: Canvas, random: RandomStream): void {
  const colour = vary(random, pick(random, WALLS), 0.12);
  fillBox(canvas, { left: 0, top: 0, right: SIDE, bottom: SIDE }, colour);
  if (random.below(2) === 0) return;
  const joint = mix(colour, [0.8, 0.78, 0.74], random.uniform(0.2, 0.6));
  const height = random.uniform(3, 5);
  const length = height * 2.1;
  let shifted = false;
  for (let y = random.uniform(-height, 0); y < SIDE; y += height) {
    fillBox(canvas, { left: 0, top: y, right: SIDE, bottom: y + 0.6 }, joint);
    for (let x = shifted ? -length / 2 : 0; x < SIDE; x += length) {
      fillBox(canvas, { left: x, top: y, right: x + 0.6, bottom: y + height }, joint);
    }
    shifted = !shifted;
  }
}

/** Road or grass up to a horizon, and on a road sometimes a line. */
function ground(canvas: Canvas, random: RandomStream): void {
  const horizon = random.uniform(18, 30);
  const colour = vary(random, pick(random, GROUND));
  fillBox(canvas, { left: 0, top: horizon, right: SIDE, bottom: SIDE }, colour);
  if (random.below(2) === 0) return;
  const x = random.uniform(0, SIDE);
  fillBox(
    canvas,
    { left: x, top: horizon + 2, right: x + random.uniform(1, 2.5), bottom: SIDE },
    [0.85, 0.85, 0.82],
    0.8,
  );
}

/** Light and dark patches over everything, coarse and fine, so that no surface is flat. */
function grain(canvas: Canvas, random: RandomStream): void {
  const coarse = valueNoise(random, 3 + random.below(3));
  const fine = valueNoise(random, 12 + random.below(8));
  const strength = random.uniform(0.05, 0.3);
  for (let i = 0; i < SIDE * SIDE; i++) {
    const factor = 1 + strength * ((coarse[i] ?? 0) + (fine[i] ?? 0) - 1);
    for (let channel = 0; channel < 3; channel++) {
      canvas[i * 3 + channel] = (canvas[i * 3 + channel] ?? 0) * factor;
    }
  }
}

/** Paints what stands behind the sign: a street, trees, open sky or a wall. */
export function paintBackground(canvas: Canvas, random: RandomStream): void {
  const scene = random.below(5);
  if (scene === 4) wall(canvas, random);
  else {
    sky(canvas, random);
    if (scene === 0 || scene === 3) houses(canvas, random);
    if (scene === 1 || scene === 3) trees(canvas, random);
    if (scene !== 2 || random.below(2) === 0) ground(canvas, random);
  }
  grain(canvas, random);
}
