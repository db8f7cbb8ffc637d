// Exact t-SNE (van der Maaten and Hinton 2008). All matrices are row-major N x N; one buffer holds squared distances,
// then conditional affinities P(j|i), then the symmetric P.

struct Params {
  points : u32,
  dimensions : u32,
  perplexityLog : f32,
  exaggeration : f32,
  momentum : f32,
  learningRate : f32,
  spare0 : f32,
  spare1 : f32,
}

@group(0) @binding(0) var<uniform> params : Params;
@group(0) @binding(1) var<storage, read> features : array<vec4f>;
@group(0) @binding(2) var<storage, read_write> matrix : array<f32>;
@group(0) @binding(3) var<storage, read_write> positions : array<vec2f>;
@group(0) @binding(4) var<storage, read_write> forces : array<vec4f>;
@group(0) @binding(5) var<storage, read_write> repulsion : array<vec2f>;
@group(0) @binding(6) var<storage, read_write> velocity : array<vec4f>;

// Squared Euclidean distances, summed as squared differences: no cancellation for near neighbours.
@compute @workgroup_size(8, 8)
fn distances(@builtin(global_invocation_id) id : vec3u) {
  let i = id.y;
  let j = id.x;
  let n = params.points;
  if (i >= n || j >= n) { return; }
  let quads = params.dimensions / 4u;
  var sum = vec4f(0.0);
  for (var k = 0u; k < quads; k++) {
    let difference = features[i * quads + k] - features[j * quads + k];
    sum += difference * difference;
  }
  matrix[i * n + j] = sum.x + sum.y + sum.z + sum.w;
}

// One row each: bisect the precision beta until the row's entropy is log(perplexity), then write P(j|i) over the distances.
@compute @workgroup_size(64)
fn conditional(@builtin(global_invocation_id) id : vec3u) {
  let i = id.x;
  let n = params.points;
  if (i >= n) { return; }
  let row = i * n;
  var nearest = 3.4e38;
  var mean = 0.0;
  for (var j = 0u; j < n; j++) {
    if (j != i) {
      nearest = min(nearest, matrix[row + j]);
      mean += matrix[row + j] / f32(n - 1u);
    }
  }
  // In units of the row's own spread, so that the search starts near and does not overflow whatever the features' scale.
  var low = 0.0;
  var high = -1.0;
  var beta = 1.0 / max(mean - nearest, 1e-20);
  var total = 0.0;
  for (var step = 0u; step < 64u; step++) {
    total = 0.0;
    var weighted = 0.0;
    for (var j = 0u; j < n; j++) {
      if (j != i) {
        let excess = matrix[row + j] - nearest;
        let p = exp(-beta * excess);
        total += p;
        weighted += p * excess;
      }
    }
    let difference = log(total) + beta * weighted / total - params.perplexityLog;
    if (abs(difference) < 1e-5) { break; }
    if (difference > 0.0) {
      low = beta;
      beta = select(beta * 2.0, 0.5 * (beta + high), high > 0.0);
    } else {
      high = beta;
      beta = 0.5 * (beta + low);
    }
  }
  for (var j = 0u; j < n; j++) {
    matrix[row + j] = select(exp(-beta * (matrix[row + j] - nearest)) / total, 0.0, j == i);
  }
}

@compute @workgroup_size(8, 8)
fn symmetrise(@builtin(global_invocation_id) id : vec3u) {
  let i = id.y;
  let j = id.x;
  let n = params.points;
  if (i >= n || j >= i) { return; }
  let p = max((matrix[i * n + j] + matrix[j * n + i]) / (2.0 * f32(n)), 1e-12);
  matrix[i * n + j] = p;
  matrix[j * n + i] = p;
}

// Attraction sum P q (yi - yj) in xy, the row's sum of q in z; repulsion sum q^2 (yi - yj).
@compute @workgroup_size(64)
fn accumulate(@builtin(global_invocation_id) id : vec3u) {
  let i = id.x;
  let n = params.points;
  if (i >= n) { return; }
  let here = positions[i];
  var attraction = vec2f(0.0);
  var push = vec2f(0.0);
  var normaliser = 0.0;
  for (var j = 0u; j < n; j++) {
    let difference = here - positions[j];
    let q = select(1.0 / (1.0 + dot(difference, difference)), 0.0, j == i);
    attraction += matrix[i * n + j] * q * difference;
    push += q * q * difference;
    normaliser += q;
  }
  forces[i] = vec4f(attraction, normaliser, 0.0);
  repulsion[i] = push;
}

// Gradient descent with momentum and per-coordinate gains; velocity holds (velocity.xy, gain.xy).
@compute @workgroup_size(64)
fn advance(@builtin(global_invocation_id) id : vec3u) {
  let i = id.x;
  let n = params.points;
  if (i >= n) { return; }
  var normaliser = 0.0;
  for (var j = 0u; j < n; j++) { normaliser += forces[j].z; }
  let gradient = 4.0 * (params.exaggeration * forces[i].xy - repulsion[i] / normaliser);
  let before = velocity[i];
  let opposed = sign(gradient) != sign(before.xy);
  let gain = max(select(before.zw * 0.8, before.zw + 0.2, opposed), vec2f(0.01));
  let moved = params.momentum * before.xy - params.learningRate * gain * gradient;
  velocity[i] = vec4f(moved, gain);
  positions[i] += moved;
}

// Each row's share of KL(P || Q) = sum P log(P Z / q), given the normaliser of the last `accumulate`.
@compute @workgroup_size(64)
fn divergence(@builtin(global_invocation_id) id : vec3u) {
  let i = id.x;
  let n = params.points;
  if (i >= n) { return; }
  var normaliser = 0.0;
  for (var j = 0u; j < n; j++) { normaliser += forces[j].z; }
  var sum = 0.0;
  for (var j = 0u; j < n; j++) {
    if (j != i) {
      let difference = positions[i] - positions[j];
      let p = matrix[i * n + j];
      sum += p * log(p * normaliser * (1.0 + dot(difference, difference)));
    }
  }
  repulsion[i] = vec2f(sum, 0.0);
}
