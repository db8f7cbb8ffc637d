import { useEffect, useRef } from 'react';
import { useCommands } from '../common/CommandsContext';

const QUIET_MS = 300;

/** Draws the map again a moment after its seed was typed. Shows nothing. */
export function DrawOnChange({ seed }: { readonly seed: number | undefined }) {
  const { drawMap } = useCommands();
  const drawn = useRef(seed);
  useEffect(() => {
    if (seed === undefined || seed === drawn.current) return;
    const timer = setTimeout(() => {
      drawn.current = seed;
      void drawMap({ kind: 'derangement', seed });
    }, QUIET_MS);
    return () => clearTimeout(timer);
  }, [seed, drawMap]);
  return null;
}
