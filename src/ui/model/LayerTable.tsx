import { useState } from 'react';
import type { LayerSummary } from '../../protocol/summaries';
import { Button } from '../common/Button';
import { formatCount } from '../common/format';
import styles from './LayerTable.module.css';
import tableStyles from './Table.module.css';

const SHORT = 8;

/** The layers with their shapes; the first ones until asked for all. */
export function LayerTable({ layers }: { readonly layers: readonly LayerSummary[] }) {
  const [open, setOpen] = useState(false);
  const most = Math.max(1, ...layers.map(({ parameters }) => parameters));
  const shown = open ? layers : layers.slice(0, SHORT);
  return (
    <>
      <div className={tableStyles.scroll}>
        <table className={tableStyles.table}>
          <thead>
            <tr>
              <th scope="col">Layer</th>
              <th scope="col">Kind</th>
              <th scope="col">Output</th>
              <th scope="col" className={tableStyles.number}>
                Parameters
              </th>
              <th scope="col">
                <span className="sr-only">Share of the largest layer</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((layer) => (
              <tr key={layer.name}>
                <th scope="row">
                  <code>{layer.name}</code>
                </th>
                <td>{layer.kind}</td>
                <td>{layer.outputShape.join(' × ')}</td>
                <td className={tableStyles.number}>{formatCount(layer.parameters)}</td>
                <td className={styles.share}>
                  <i style={{ inlineSize: `${(layer.parameters / most) * 100}%` }} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {layers.length > SHORT && (
        <p className={styles.more}>
          <Button small aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? 'Show fewer' : `Show all ${layers.length}`}
          </Button>
        </p>
      )}
    </>
  );
}
