/** The adapter as the page and `results.json` show it. */
export interface AdapterSummary {
  readonly name: string;
  readonly vendor: string;
  readonly architecture: string;
  /** True for SwiftShader, lavapipe and other adapters that compute on the CPU: right, but slow. */
  readonly software: boolean;
  readonly features: readonly string[];
  readonly maxBindingBytes: number;
  readonly maxBufferBytes: number;
}
