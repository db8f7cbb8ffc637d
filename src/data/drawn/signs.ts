import { direction } from './angle';
import { lettering } from './glyphs';
import {
  arc,
  box,
  convex,
  disc,
  intersect,
  type Point,
  regular,
  rounded,
  type Shape,
  stroke,
  union,
} from './shapes';

/** Red, green and blue in [0,1]. */
export type Colour = readonly [red: number, green: number, blue: number];

/** A sign: layers painted one over the other; where no layer is, the scene shows through. */
export interface Sign {
  readonly name: string;
  readonly layers: readonly (readonly [Shape, Colour])[];
}

const RED: Colour = [0.8, 0.07, 0.1];
const BLUE: Colour = [0.03, 0.24, 0.66];
const YELLOW: Colour = [1, 0.77, 0.03];
const WHITE: Colour = [0.97, 0.97, 0.95];
const BLACK: Colour = [0.05, 0.05, 0.06];

/** A straight arrow head: a triangle with its tip at `tip`, pointing along `degrees`. */
function arrowHead(tip: Point, degrees: number, length: number, halfWidth: number): Shape {
  const { cos, sin } = direction(degrees);
  const [x, y] = tip;
  const bx = x - length * cos;
  const by = y - length * sin;
  return convex([
    tip,
    [bx - halfWidth * sin, by + halfWidth * cos],
    [bx + halfWidth * sin, by - halfWidth * cos],
  ]);
}

/** One of the three arrows that chase each other round the roundabout sign. */
function chasingArrow(from: number): Shape {
  const radius = 0.5;
  const end = from + 62;
  const { cos, sin } = direction(end + 36);
  return union(
    stroke(arc(radius, from, end), 0.25),
    arrowHead([radius * cos * 1.02, radius * sin * 1.02], end + 110, 0.42, 0.32),
  );
}

/** A walking person, seen from the side. */
const walker: Shape = union(
  disc(0.07, -0.36, 0.11),
  stroke(
    [
      [0.03, -0.18],
      [-0.01, 0.1],
    ],
    0.19,
  ),
  stroke(
    [
      [-0.01, 0.12],
      [0.17, 0.27],
      [0.22, 0.52],
    ],
    0.115,
  ),
  stroke(
    [
      [-0.01, 0.12],
      [-0.14, 0.32],
      [-0.34, 0.48],
    ],
    0.115,
  ),
  stroke(
    [
      [0.03, -0.16],
      [0.2, -0.02],
      [0.34, -0.07],
    ],
    0.08,
  ),
  stroke(
    [
      [0.03, -0.16],
      [-0.2, -0.04],
      [-0.26, 0.12],
    ],
    0.08,
  ),
);

const upright = (radius: number, rounding: number) => rounded(3, radius, -90, rounding, 0, 0.22);
const inverted = (radius: number, rounding: number) => rounded(3, radius, 90, rounding, 0, -0.22);

/** The ten kinds, in label order. No two are mirror images of each other, so flipping an image keeps its label. */
export const SIGNS: readonly Sign[] = [
  {
    name: 'stop',
    layers: [
      [regular(8, 1.0, 22.5), WHITE],
      [regular(8, 0.92, 22.5), RED],
      [lettering('STOP', { width: 0.25, height: 0.52, gap: 0.155, pen: 0.125 }), WHITE],
    ],
  },
  {
    name: 'give way',
    layers: [
      [inverted(1.1, 0.08), RED],
      [inverted(0.64, 0.02), WHITE],
    ],
  },
  {
    name: 'no entry',
    layers: [
      [disc(0, 0, 0.97), WHITE],
      [disc(0, 0, 0.91), RED],
      [box(-0.66, -0.19, 0.66, 0.19), WHITE],
    ],
  },
  {
    name: 'speed limit 50',
    layers: [
      [disc(0, 0, 0.96), RED],
      [disc(0, 0, 0.69), WHITE],
      [lettering('50', { width: 0.33, height: 0.58, gap: 0.24, pen: 0.15 }), BLACK],
    ],
  },
  {
    name: 'priority road',
    layers: [
      [rounded(4, 0.98, 0, 0.05), BLACK],
      [rounded(4, 0.93, 0, 0.05), WHITE],
      [rounded(4, 0.66, 0, 0.03), YELLOW],
    ],
  },
  {
    name: 'ahead only',
    layers: [
      [disc(0, 0, 0.96), WHITE],
      [disc(0, 0, 0.9), BLUE],
      [box(-0.13, -0.3, 0.13, 0.66), WHITE],
      [arrowHead([0, -0.74], -90, 0.56, 0.46), WHITE],
    ],
  },
  {
    name: 'roundabout',
    layers: [
      [disc(0, 0, 0.96), WHITE],
      [disc(0, 0, 0.9), BLUE],
      [union(chasingArrow(-80), chasingArrow(40), chasingArrow(160)), WHITE],
    ],
  },
  {
    name: 'parking',
    layers: [
      [box(-0.86, -0.86, 0.86, 0.86), WHITE],
      [box(-0.79, -0.79, 0.79, 0.79), BLUE],
      [lettering('P', { width: 0.5, height: 0.98, gap: 0, pen: 0.23 }, 0.02, 0), WHITE],
    ],
  },
  {
    name: 'pedestrians',
    layers: [
      [upright(1.1, 0.08), RED],
      [upright(0.76, 0.03), WHITE],
      [(x, y) => walker(x / 1.08, (y - 0.18) / 1.08), BLACK],
    ],
  },
  {
    name: 'no parking',
    layers: [
      [disc(0, 0, 0.96), RED],
      [disc(0, 0, 0.7), BLUE],
      [
        intersect(
          disc(0, 0, 0.8),
          stroke(
            [
              [-0.6, -0.6],
              [0.6, 0.6],
            ],
            0.26,
          ),
        ),
        RED,
      ],
    ],
  },
];
