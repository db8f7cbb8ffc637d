import { useState } from 'react';
import { useClassNames } from '../../state/classNames';
import { swapClasses } from '../../state/mapStore';
import { Button } from '../common/Button';
import styles from './RemapView.module.css';

/** Exchanges the labels of two classes: the one elementary change, which keeps every map a permutation. */
export function SwapForm({ map }: { readonly map: readonly number[] }) {
  const names = useClassNames();
  const [first, setFirst] = useState(0);
  const [second, setSecond] = useState(1);
  const choices = map.map((_, index) => (
    <option key={index} value={index}>
      {names[index] ?? `class ${index}`}
    </option>
  ));
  if (map.length < 2) return null;
  return (
    <form
      className={styles.swap}
      onSubmit={(event) => {
        event.preventDefault();
        swapClasses(first, second);
      }}
    >
      <span>Swap</span>
      <select
        aria-label="First class to swap"
        value={first}
        onChange={(event) => setFirst(Number(event.target.value))}
        data-testid="remap-swap-a"
      >
        {choices}
      </select>
      <span>with</span>
      <select
        aria-label="Second class to swap"
        value={second}
        onChange={(event) => setSecond(Number(event.target.value))}
        data-testid="remap-swap-b"
      >
        {choices}
      </select>
      <Button type="submit" disabled={first === second} data-testid="remap-swap">
        Swap labels
      </Button>
    </form>
  );
}
