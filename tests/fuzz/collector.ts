import { z } from 'zod';

/** A case that gave no answer, took more than its cap, or failed otherwise than with a code. */
export interface Finding {
  readonly parser: string;
  /** The seed; a hostile file's number where it is negative. */
  readonly id: number;
  readonly mutation: string;
  readonly why: string;
}

/** What came of a parser's cases. */
export interface FuzzReport {
  readonly cases: number;
  /** How many ended with a value, or with which code. */
  readonly codes: ReadonlyMap<string, number>;
  readonly peakResidentBytes: number;
  readonly largestBytes: number;
  /** The case that came nearest to its cap, as a share of it. */
  readonly closest: { readonly share: number; readonly what: string };
  readonly findings: readonly Finding[];
}

/** What the process says, a line each. */
export const messageSchema = z.object({
  begun: z.number().optional(),
  ended: z.number().optional(),
  done: z.string().optional(),
  what: z.string().optional(),
  capBytes: z.number().optional(),
  code: z.string().optional(),
  fault: z.string().nullable().optional(),
  residentBytes: z.number().optional(),
  largestBytes: z.number().optional(),
});

/** Collects what the process says of one parser's cases. */
export class Collector implements FuzzReport {
  readonly codes = new Map<string, number>();
  readonly findings: Finding[] = [];
  cases = 0;
  peakResidentBytes = 0;
  largestBytes = 0;
  closest = { share: 0, what: '' };
  private open: { readonly id: number; readonly what: string; readonly capBytes: number } | null = null;

  constructor(
    readonly parser: string,
    /** The case that comes next. */
    public next: number,
  ) {}

  take(message: z.infer<typeof messageSchema>): void {
    if (message.begun !== undefined)
      this.open = { id: message.begun, what: message.what ?? '', capBytes: message.capBytes ?? 0 };
    if (message.ended === undefined || this.open === null) return;
    const { residentBytes = 0, largestBytes = 0, code = '', fault = null } = message;
    const { capBytes, what } = this.open;
    this.codes.set(code, (this.codes.get(code) ?? 0) + 1);
    this.peakResidentBytes = Math.max(this.peakResidentBytes, residentBytes);
    this.largestBytes = Math.max(this.largestBytes, largestBytes);
    const share = Math.max(residentBytes, largestBytes) / capBytes;
    if (share > this.closest.share) this.closest = { share, what };
    const [asked, took, cap] = [largestBytes, residentBytes, capBytes].map((bytes) =>
      Math.round(bytes / 2 ** 20),
    );
    if (fault !== null) return this.found(fault);
    if (largestBytes > capBytes)
      return this.found(`it asked for a buffer of ${asked} MiB; the cap is ${cap} MiB`);
    if (residentBytes > capBytes) return this.found(`it took ${took} MiB; the cap is ${cap} MiB`);
    this.close(message.ended);
  }

  /** Books the case under way as a finding. */
  found(why: string): void {
    const { id, what } = this.open ?? { id: this.next, what: '(before it began)' };
    this.findings.push({ parser: this.parser, id, mutation: what, why });
    this.close(id);
  }

  private close(id: number): void {
    this.cases += 1;
    this.next = id + 1;
    this.open = null;
  }
}
