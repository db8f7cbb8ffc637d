/**
 * The high word of a product of two words, by halves: WGSL has no wider integers. Shared by the generator and by
 * fixed-point arithmetic.
 */
export const MULTIPLY_HIGH_WGSL = `
fn multiplyHigh(a : u32, b : u32) -> u32 {
  let aHigh = a >> 16u;
  let aLow = a & 0xffffu;
  let bHigh = b >> 16u;
  let bLow = b & 0xffffu;
  let middle = aHigh * bLow + ((aLow * bLow) >> 16u);
  let low = aLow * bHigh + (middle & 0xffffu);
  return aHigh * bHigh + (middle >> 16u) + (low >> 16u);
}
`;

/**
 * Philox 4x32-10 (Salmon et al. 2011) in WGSL: word for word the stream of `RandomStream` (src/data/random.ts) with the
 * same seed, purpose and index. Needs `MULTIPLY_HIGH_WGSL`. A shader makes `var stream = randomStream(seed, purpose, indexLow, indexHigh)`
 * and calls, with a pointer to it,
 * - `nextWord`: uniform in [0, 2^32), `RandomStream.uint32`;
 * - `nextBelow(_, bound)`: uniform in [0, bound) for bound > 0, `RandomStream.below`;
 * - `nextUniform`: uniform in [0, 1), the upper 24 bits of `RandomStream.uniform`, which is what a float holds.
 */
export const RANDOM_WGSL = `
struct RandomStream {
  key : vec2<u32>,
  index : vec2<u32>,
  block : u32,
  position : u32,
  words : vec4<u32>,
}

fn philox(start : vec4<u32>, startKey : vec2<u32>) -> vec4<u32> {
  var c = start;
  var k = startKey;
  for (var round = 0; round < 10; round++) {
    let high0 = multiplyHigh(0xd2511f53u, c.x);
    let low0 = 0xd2511f53u * c.x;
    let high1 = multiplyHigh(0xcd9e8d57u, c.z);
    let low1 = 0xcd9e8d57u * c.z;
    c = vec4<u32>(high1 ^ c.y ^ k.x, low1, high0 ^ c.w ^ k.y, low0);
    k += vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}

fn randomStream(seed : u32, purpose : u32, indexLow : u32, indexHigh : u32) -> RandomStream {
  return RandomStream(vec2<u32>(seed, purpose), vec2<u32>(indexLow, indexHigh), 0u, 4u, vec4<u32>());
}

fn nextWord(stream : ptr<function, RandomStream>) -> u32 {
  if ((*stream).position == 4u) {
    (*stream).words = philox(vec4<u32>((*stream).block, (*stream).index, 0u), (*stream).key);
    (*stream).block += 1u;
    (*stream).position = 0u;
  }
  let word = (*stream).words[(*stream).position];
  (*stream).position += 1u;
  return word;
}

fn nextBelow(stream : ptr<function, RandomStream>, bound : u32) -> u32 {
  let surplus = (0xffffffffu % bound + 1u) % bound;
  var word = nextWord(stream);
  while (word > 0xffffffffu - surplus) { word = nextWord(stream); }
  return word % bound;
}

fn nextUniform(stream : ptr<function, RandomStream>) -> f32 {
  return f32(nextWord(stream) >> 8u) * 0x1p-24;
}
`;
