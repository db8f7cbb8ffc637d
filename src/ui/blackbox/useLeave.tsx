import { type ReactNode, useState } from 'react';
import { addressProblem } from '../../protocol/blackBoxAddress';
import type { BlackBoxSettings } from '../../protocol/blackBox';
import type { Purpose } from '../../state/blackBoxQuestions';
import { LeaveDialog } from './LeaveDialog';

/** What is wanted of a black box, and what is done once it may be. */
export interface Wanted {
  readonly purpose: Purpose;
  readonly then: (allowNetwork: boolean) => void;
}

interface Leave {
  /** Does what is wanted: of a file at once; of an address when the person has seen what is sent and allowed it. */
  readonly ask: (wanted: Wanted) => void;
  /** To be drawn somewhere; nothing while nothing is asked. */
  readonly dialog: ReactNode;
}

/** Leave to use the network, asked for each time and kept nowhere. */
export function useLeave(blackBox: Pick<BlackBoxSettings, 'url' | 'encoding'> | null): Leave {
  const [wanted, setWanted] = useState<Wanted | null>(null);
  const url = blackBox?.url ?? null;
  const ask = (next: Wanted) => {
    if (url === null) next.then(false);
    else setWanted(next);
  };
  const answer = (allowed: boolean) => {
    setWanted(null);
    if (allowed) wanted?.then(true);
  };
  const dialog =
    wanted !== null && blackBox !== null && url !== null && addressProblem(url) === null ? (
      <LeaveDialog url={url} encoding={blackBox.encoding} purpose={wanted.purpose} onAnswer={answer} />
    ) : null;
  return { ask, dialog };
}
