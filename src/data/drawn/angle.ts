/**
 * Sine and cosine that are the same to the last bit on every engine. `Math.sin`, `Math.cos`, `Math.exp` and `Math.pow`
 * are only approximated by ECMAScript, so a pixel that lies on a rounding edge could differ from one browser to the
 * next. The drawn data set therefore uses nothing but +, -, *, / and comparisons, which IEEE 754 fixes exactly.
 */
const RADIANS_PER_DEGREE = 0.017453292519943295;

/** Taylor polynomial of sine on [-45, 45] degrees; the error there is below 1e-11. */
function sineNear(radians: number): number {
  const q = radians * radians;
  return radians * (1 - (q / 6) * (1 - (q / 20) * (1 - (q / 42) * (1 - (q / 72) * (1 - q / 110)))));
}

/** Taylor polynomial of cosine on [-45, 45] degrees. */
function cosineNear(radians: number): number {
  const q = radians * radians;
  return 1 - (q / 2) * (1 - (q / 12) * (1 - (q / 30) * (1 - (q / 56) * (1 - (q / 90) * (1 - q / 132)))));
}

/** Unit vector of an angle given in degrees: `cos` along x, `sin` along y. */
export function direction(degrees: number): { readonly cos: number; readonly sin: number } {
  const quarters = Math.round(degrees / 90);
  const rest = (degrees - quarters * 90) * RADIANS_PER_DEGREE;
  const sin = sineNear(rest);
  const cos = cosineNear(rest);
  switch (((quarters % 4) + 4) % 4) {
    case 0:
      return { cos, sin };
    case 1:
      return { cos: -sin, sin: cos };
    case 2:
      return { cos: -cos, sin: -sin };
    default:
      return { cos: sin, sin: -cos };
  }
}
