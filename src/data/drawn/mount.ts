import type { RandomStream } from '../random';
import { direction } from './angle';
import { type Canvas, fillBox, SIDE } from './canvas';
import { FACE_REACH, FACE_SIZE, type Face } from './face';

/** The largest turn of a sign, in degrees either way. */
const MAXIMUM_TURN = 8;
const SAMPLES = 4;

/** Where a sign hangs: face coordinates are (a linear map of the offset from the centre) / (1 + tilt · offset). */
interface Pose {
  readonly cx: number;
  readonly cy: number;
  readonly radiusX: number;
  readonly radiusY: number;
  readonly cos: number;
  readonly sin: number;
  readonly tiltX: number;
  readonly tiltY: number;
}

function drawPose(random: RandomStream): Pose {
  const radius = random.uniform(9.5, 14);
  const { cos, sin } = direction(random.uniform(-MAXIMUM_TURN, MAXIMUM_TURN));
  return {
    cx: SIDE / 2 + random.uniform(-2.5, 2.5),
    cy: SIDE / 2 + random.uniform(-2.5, 2.5),
    // Seen from the side a sign grows narrow.
    radiusX: radius * random.uniform(0.86, 1),
    radiusY: radius * random.uniform(0.95, 1),
    cos,
    sin,
    tiltX: random.uniform(-0.09, 0.09),
    tiltY: random.uniform(-0.09, 0.09),
  };
}

/** How the paint of this one sign looks: faded towards grey, and lit from one side. */
interface Finish {
  readonly fade: number;
  readonly shadeX: number;
  readonly shadeY: number;
}

/** Adds the face's colour at one point of the picture, weighted by `share`, to `sum` (premultiplied RGBA). */
function sample(face: Face, pose: Pose, x: number, y: number, share: number, sum: Float64Array): void {
  const dx = x - pose.cx;
  const dy = y - pose.cy;
  const u = (dx * pose.cos + dy * pose.sin) / pose.radiusX;
  const v = (dy * pose.cos - dx * pose.sin) / pose.radiusY;
  const depth = 1 + pose.tiltX * u + pose.tiltY * v;
  const column = Math.floor(((u / depth + FACE_REACH) * FACE_SIZE) / (2 * FACE_REACH));
  const row = Math.floor(((v / depth + FACE_REACH) * FACE_SIZE) / (2 * FACE_REACH));
  if (column < 0 || row < 0 || column >= FACE_SIZE || row >= FACE_SIZE) return;
  const at = (row * FACE_SIZE + column) * 4;
  for (let channel = 0; channel < 4; channel++) {
    sum[channel] = (sum[channel] ?? 0) + (face[at + channel] ?? 0) * share;
  }
}

/** Lays one pixel's premultiplied colour over the picture. */
function lay(canvas: Canvas, x: number, y: number, sum: Float64Array, finish: Finish): void {
  const alpha = sum[3] ?? 0;
  const grey = 0.55 * alpha;
  const light = 1 + finish.shadeX * (x / SIDE - 0.5) + finish.shadeY * (y / SIDE - 0.5);
  const at = (y * SIDE + x) * 3;
  for (let channel = 0; channel < 3; channel++) {
    const paint = sum[channel] ?? 0;
    const faded = (paint + (grey - paint) * finish.fade) * light;
    canvas[at + channel] = (canvas[at + channel] ?? 0) * (1 - alpha) + faded;
  }
}

/** Puts the sign on its post into the picture, 4x4 samples a pixel. */
export function mountSign(canvas: Canvas, face: Face, random: RandomStream): void {
  const pose = drawPose(random);
  const finish: Finish = {
    fade: random.uniform(0, 0.22),
    shadeX: random.uniform(-0.35, 0.35),
    shadeY: random.uniform(-0.35, 0.35),
  };
  if (random.below(4) !== 0) {
    const half = random.uniform(0.7, 1.2);
    const metal = random.uniform(0.4, 0.7);
    const box = { left: pose.cx - half, top: pose.cy, right: pose.cx + half, bottom: SIDE };
    fillBox(canvas, box, [metal, metal, metal * 1.03]);
  }
  const reach = FACE_REACH * 1.2 * (pose.radiusX > pose.radiusY ? pose.radiusX : pose.radiusY) + 1;
  const first = (centre: number) => Math.max(0, Math.floor(centre - reach));
  const last = (centre: number) => Math.min(SIDE - 1, Math.floor(centre + reach));
  const sum = new Float64Array(4);
  const share = 1 / (SAMPLES * SAMPLES);
  for (let y = first(pose.cy); y <= last(pose.cy); y++) {
    for (let x = first(pose.cx); x <= last(pose.cx); x++) {
      sum.fill(0);
      for (let i = 0; i < SAMPLES * SAMPLES; i++) {
        const subX = ((i % SAMPLES) + 0.5) / SAMPLES;
        const subY = (Math.floor(i / SAMPLES) + 0.5) / SAMPLES;
        sample(face, pose, x + subX, y + subY, share, sum);
      }
      if ((sum[3] ?? 0) > 0) lay(canvas, x, y, sum, finish);
    }
  }
}
