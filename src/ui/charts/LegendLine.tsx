import type { ReactNode } from 'react';

interface LegendLineProps {
  readonly colour: string;
  readonly dash: string;
  readonly width?: number;
  /** What is drawn on the line, as on its points. */
  readonly children?: ReactNode;
}

/** A piece of a line as it is drawn in a chart, for the legend. */
export function LegendLine({ colour, dash, width = 2, children }: LegendLineProps) {
  return (
    <svg width="22" height="8" aria-hidden="true">
      <line x1="0" x2="22" y1="4" y2="4" stroke={colour} strokeDasharray={dash} strokeWidth={width} />
      {children}
    </svg>
  );
}
