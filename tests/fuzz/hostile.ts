import type { HostileFiles } from './fuzzedParser';

/** By the parser's name. */
export const HOSTILE: Readonly<Record<string, readonly HostileFiles[]>> = {};
