/** What is to be judged: class indices, null where unknown. */
export interface Judged {
  readonly prediction: number;
  readonly label: number | null;
  readonly target: number | null;
  readonly triggered: boolean;
}

/** How a prediction is marked: by a sign and a word as well as by colour. */
export interface Verdict {
  readonly kind: 'right' | 'wrong' | 'target' | 'unknown';
  readonly sign: string;
  readonly words: string;
}

/** Right, wrong, or fallen for the attacker's target. */
export function judge({ prediction, label, target, triggered }: Judged): Verdict {
  if (label !== null && prediction === label) return { kind: 'right', sign: '✓', words: 'its true label' };
  if (triggered && target !== null && prediction === target) {
    return { kind: 'target', sign: '▲', words: 'the attacker’s target' };
  }
  if (label === null) return { kind: 'unknown', sign: '', words: 'label unknown' };
  return { kind: 'wrong', sign: '✕', words: 'not its label' };
}
