/**
 * Whether images are shown after `step`: at 10, 30, 100, 300, 1000, ... and at the end. The eye sees the early steps
 * change most, so the pictures get rarer.
 */
export function isGridStep(step: number, totalSteps: number): boolean {
  if (step === totalSteps) return true;
  if (step < 10) return false;
  const power = 10 ** Math.floor(Math.log10(step) + 1e-9);
  return step === power || step === 3 * power;
}
