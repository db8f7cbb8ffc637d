import { direction } from './angle';

/** A point on the face of a sign: x to the right, y down, the face filling [-1, 1] each way. */
export type Point = readonly [x: number, y: number];

/** Whether a point of the face belongs to the shape. */
export type Shape = (x: number, y: number) => boolean;

/** A disc. */
export function disc(cx: number, cy: number, radius: number): Shape {
  const limit = radius * radius;
  return (x, y) => (x - cx) * (x - cx) + (y - cy) * (y - cy) <= limit;
}

/** A convex polygon, its corners in either order. */
export function convex(corners: readonly Point[]): Shape {
  return (x, y) => {
    let positive = false;
    let negative = false;
    let [px, py] = corners[corners.length - 1] ?? [0, 0];
    for (const [qx, qy] of corners) {
      const side = (qx - px) * (y - py) - (qy - py) * (x - px);
      if (side > 0) positive = true;
      if (side < 0) negative = true;
      px = qx;
      py = qy;
    }
    return !(positive && negative);
  };
}

/** An upright rectangle. */
export function box(left: number, top: number, right: number, bottom: number): Shape {
  return (x, y) => x >= left && x <= right && y >= top && y <= bottom;
}

/** A polygon with `count` equal sides; the first corner lies at `degrees` (0: right, 90: down). */
export function regular(count: number, radius: number, degrees: number, cx = 0, cy = 0): Shape {
  return convex(
    Array.from({ length: count }, (_, i): Point => {
      const { cos, sin } = direction(degrees + (360 * i) / count);
      return [cx + radius * cos, cy + radius * sin];
    }),
  );
}

/** A regular polygon whose corners are rounded by moving discs along the inner polygon's edges. */
export function rounded(
  count: number,
  radius: number,
  degrees: number,
  rounding: number,
  cx = 0,
  cy = 0,
): Shape {
  const corners = Array.from({ length: count + 1 }, (_, i): Point => {
    const { cos, sin } = direction(degrees + (360 * i) / count);
    return [cx + radius * cos, cy + radius * sin];
  });
  return union(convex(corners), stroke(corners, 2 * rounding));
}

/** A polyline of the given width with round ends and joints. */
export function stroke(points: readonly Point[], width: number): Shape {
  const limit = (width * width) / 4;
  const half = width / 2;
  const left = Math.min(...points.map(([x]) => x)) - half;
  const right = Math.max(...points.map(([x]) => x)) + half;
  const top = Math.min(...points.map(([, y]) => y)) - half;
  const bottom = Math.max(...points.map(([, y]) => y)) + half;
  return (x, y) => {
    if (x < left || x > right || y < top || y > bottom) return false;
    for (let i = 1; i < points.length; i++) {
      const [ax, ay] = points[i - 1] ?? [0, 0];
      const [bx, by] = points[i] ?? [0, 0];
      const dx = bx - ax;
      const dy = by - ay;
      const along = ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1);
      const t = along < 0 ? 0 : along > 1 ? 1 : along;
      const ex = x - ax - t * dx;
      const ey = y - ay - t * dy;
      if (ex * ex + ey * ey <= limit) return true;
    }
    return false;
  };
}

/** Points of a circular arc about the origin, `from` to `to` in degrees. */
export function arc(radius: number, from: number, to: number, pieces = 12): Point[] {
  return Array.from({ length: pieces + 1 }, (_, i): Point => {
    const { cos, sin } = direction(from + ((to - from) * i) / pieces);
    return [radius * cos, radius * sin];
  });
}

/** Points in any of the shapes. */
export function union(...shapes: readonly Shape[]): Shape {
  return (x, y) => shapes.some((shape) => shape(x, y));
}

/** Points in every one of the shapes. */
export function intersect(...shapes: readonly Shape[]): Shape {
  return (x, y) => shapes.every((shape) => shape(x, y));
}
