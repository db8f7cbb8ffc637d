import { WORKGROUP } from '../host';

/**
 * WGSL: `sumOver(value)` and `maxOver(value)` over the workgroup's invocations, pairwise, the result in all of them. Every
 * invocation has to call them, so a kernel that uses them may not return before.
 */
export const WORKGROUP_REDUCE = `
var<workgroup> lanes : array<f32, ${WORKGROUP}>;
fn sumOver(value : f32) -> f32 {
  lanes[localIndex] = value;
  for (var half = ${WORKGROUP / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (localIndex < half) { lanes[localIndex] += lanes[localIndex + half]; }
  }
  workgroupBarrier();
  let total = lanes[0];
  workgroupBarrier();
  return total;
}
fn maxOver(value : f32) -> f32 {
  lanes[localIndex] = value;
  for (var half = ${WORKGROUP / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (localIndex < half) { lanes[localIndex] = max(lanes[localIndex], lanes[localIndex + half]); }
  }
  workgroupBarrier();
  let largest = lanes[0];
  workgroupBarrier();
  return largest;
}`;
