/** A step that cannot be turned into a plan; it keeps running as tfjs runs it. The message completes "Not planned: ...". */
export class Unplannable extends Error {
  override readonly name = 'Unplannable';
}
