import type { BlackBoxResults } from '../../protocol/results';
import { useMeasureBlocker } from '../../state/blackBoxReadiness';
import { labelOf, useBlackBoxStore } from '../../state/blackBoxStore';
import { useRunStore } from '../../state/runStore';
import { Button } from '../common/Button';
import { Card } from '../common/Card';
import { useCommands } from '../common/CommandsContext';
import { cx } from '../common/cx';
import { LoadingLine } from '../common/LoadingLine';
import styles from './PairsCard.module.css';
import { Stages } from './Stages';
import { RateCell } from './SurrogateResult';
import { useLeave } from './useLeave';

/** The columns of Table 11 as rows, and who answered them. */
const PAIRS: readonly {
  readonly key: keyof BlackBoxResults;
  readonly name: string;
  readonly asked: boolean;
}[] = [
  { key: 'original', name: 'Black box', asked: true },
  { key: 'surrogate', name: 'Surrogate', asked: false },
  { key: 'surrogateDefended', name: 'Surrogate behind the transform', asked: false },
  { key: 'defended', name: 'Black box behind the transform', asked: true },
];

/** A run on a black box's surrogate: how far the whole of it is, and the four pairs that it comes to. */
export function PairsCard() {
  const { measureBlackBox, cancelBlackBox } = useCommands();
  const ran = useRunStore((state) => state.experiment?.model.blackBox ?? null);
  const pairs = useRunStore((state) => state.blackBox);
  const measuring = useBlackBoxStore((state) => state.measuring);
  const blocker = useMeasureBlocker();
  const { ask, dialog } = useLeave(ran);
  return (
    <Card
      title="The black box"
      note={ran === null ? undefined : labelOf(ran)}
      actions={
        <Button
          small
          tone={pairs === null && blocker === null ? 'primary' : 'plain'}
          disabled={blocker !== null || measuring.kind === 'loading'}
          title={blocker ?? 'All four pairs of Table 11, on the test images'}
          onClick={() => ask({ purpose: 'measure', then: (leave) => void measureBlackBox(leave) })}
          data-testid="measure-blackbox"
        >
          {pairs === null ? 'Measure all four' : 'Measure again'}
        </Button>
      }
      testId="blackbox-pairs"
    >
      <Stages />
      <LoadingLine loading={measuring} verb="Measuring" onCancel={() => void cancelBlackBox()} />
      {pairs === null ? (
        <p className={styles.note}>
          {blocker ?? 'The run is over. Measure the black box, its surrogate, and both behind the transform.'}
        </p>
      ) : (
        <Pairs pairs={pairs} />
      )}
      {dialog}
    </Card>
  );
}

function Pairs({ pairs }: { readonly pairs: BlackBoxResults }) {
  return (
    <table className={styles.pairs}>
      <thead>
        <tr>
          <th scope="col">Classifier</th>
          <th scope="col">Benign accuracy</th>
          <th scope="col">Attack success</th>
          <th scope="col">Answered by</th>
        </tr>
      </thead>
      <tbody>
        {PAIRS.map(({ key, name, asked }) => (
          <tr key={key} data-testid={`pair-${key}`}>
            <th scope="row">{name}</th>
            <RateCell rate={pairs[key]?.benignAccuracy} />
            <RateCell rate={pairs[key]?.attackSuccessRate} />
            <td>
              <span className={cx(styles.who, asked && styles.asked)}>
                {asked ? 'the black box' : 'the surrogate, here'}
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
