import { ATTEMPTS, RATIO, SCALE } from '../../../data/cropParameters';

/** A double in [0, 1) as the two words of a 64-bit fraction. Exact for multiples of 2^-64, which all constants here are. */
function fraction(value: number): string {
  const words = (BigInt(value * 2 ** 53) << 11n).toString(16).padStart(16, '0');
  return `vec2<u32>(0x${words.slice(0, 8)}u, 0x${words.slice(8)}u)`;
}

/** Terms of exp's series: at the largest argument, 0.576, what is left out is below 2^-64. */
const TERMS = 18;

/**
 * Fixed-point numbers in [0, 1) of 64 bits, high word first. `cropParameters` computes in float64; a float32 would round
 * some side of a window the other way in about every hundredth batch, and give other images. With 64 bits the windows differ
 * where float64 itself is within rounding of a half, about once in 10^12 images.
 */
const FIXED_POINT_WGSL = `
fn addFraction(a : vec2<u32>, b : vec2<u32>) -> vec2<u32> {
  let low = a.y + b.y;
  return vec2<u32>(a.x + b.x + select(0u, 1u, low < a.y), low);
}

fn subtractFraction(a : vec2<u32>, b : vec2<u32>) -> vec2<u32> {
  return vec2<u32>(a.x - b.x - select(0u, 1u, a.y < b.y), a.y - b.y);
}

fn timesWord(a : vec2<u32>, word : u32) -> vec2<u32> {
  return addFraction(vec2<u32>(multiplyHigh(a.x, word), a.x * word), vec2<u32>(0u, multiplyHigh(a.y, word)));
}

fn timesFraction(a : vec2<u32>, b : vec2<u32>) -> vec2<u32> {
  return addFraction(timesWord(a, b.x), vec2<u32>(0u, multiplyHigh(a.x, b.y)));
}

fn divideFraction(a : vec2<u32>, n : u32) -> vec2<u32> {
  let middle = ((a.x % n) << 16u) | (a.y >> 16u);
  let low = ((middle % n) << 16u) | (a.y & 0xffffu);
  return vec2<u32>(a.x / n, ((middle / n) << 16u) | (low / n));
}

fn expMinusOne(x : vec2<u32>) -> vec2<u32> {
  var f = vec2<u32>();
  for (var n = ${TERMS}u; n > 0u; n--) { f = divideFraction(addFraction(x, timesFraction(x, f)), n); }
  return f;
}

fn wholeRoot(value : u32) -> u32 {
  var root = u32(sqrt(f32(value)));
  while (root * root > value) { root -= 1u; }
  while ((root + 1u) * (root + 1u) <= value) { root += 1u; }
  return root;
}
`;

/**
 * `cropParameters` in WGSL, in whole numbers alone: `drawCrop(&stream, height, width, fallback)` gives (top, left, height,
 * width) and takes the same draws. Needs `MULTIPLY_HIGH_WGSL` and `RANDOM_WGSL`; height * width below 2^29.
 *
 * A side rounds to k or more where the window's area times its aspect ratio, or over it, is at least (k - 1/2)^2. With the
 * ratio 3/4 exp(x), and its reciprocal 3/4 exp(2 ln(4/3) - x), that is floor(3 area s exp(x)) >= (2k - 1)^2.
 */
export const CROP_WGSL = `${FIXED_POINT_WGSL}
fn cropSide(area : u32, scale : vec2<u32>, x : vec2<u32>) -> u32 {
  let more = timesFraction(scale, expMinusOne(x));
  let sum = addFraction(scale, more);
  let carried = (sum.x < scale.x) || ((sum.x == scale.x) && (sum.y < scale.y));
  let times = area * ${4 * RATIO[0]}u;
  let low = sum.x * times;
  let carry = select(0u, 1u, low + multiplyHigh(sum.y, times) < low);
  return (wholeRoot(multiplyHigh(sum.x, times) + carry + select(0u, times, carried)) + 1u) / 2u;
}

fn drawCrop(stream : ptr<function, RandomStream>, height : u32, width : u32, fallback : vec4<u32>) -> vec4<u32> {
  let ratios = ${fraction(Math.log(RATIO[1]) - Math.log(RATIO[0]))};
  for (var attempt = 0; attempt < ${ATTEMPTS}; attempt++) {
    let share = addFraction(${fraction(SCALE[0])}, timesWord(${fraction(SCALE[1] - SCALE[0])}, nextWord(stream)));
    let x = timesWord(ratios, nextWord(stream));
    let w = cropSide(height * width, share, x);
    let h = cropSide(height * width, share, subtractFraction(ratios, x));
    if (w > 0u && w <= width && h > 0u && h <= height) {
      let top = nextBelow(stream, height - h + 1u);
      let left = nextBelow(stream, width - w + 1u);
      return vec4<u32>(top, left, h, w);
    }
  }
  return fallback;
}
`;
