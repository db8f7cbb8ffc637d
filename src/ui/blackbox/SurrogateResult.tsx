import type { Evaluation, Rate } from '../../protocol/results';
import { useSurrogateLoaded } from '../../state/blackBoxStore';
import { useBusy } from '../../state/busy';
import { isInEngine } from '../../state/training';
import { useSurrogateStore } from '../../state/surrogateStore';
import { goTo } from '../../state/viewStore';
import { RatesPlot } from '../charts/RatesChart';
import { Button } from '../common/Button';
import { Card } from '../common/Card';
import { useCommands } from '../common/CommandsContext';
import { Empty } from '../common/Empty';
import { formatDuration, formatPercent, formatRateCounts } from '../common/format';
import { Icon } from '../common/Icon';
import styles from './BlackBox.module.css';

/** How well the surrogate imitates its black box, and where it goes from here. */
export function SurrogateResult() {
  const before = useSurrogateStore((state) => state.before);
  const evaluation = useSurrogateStore((state) => state.evaluation);
  const history = useSurrogateStore((state) => state.history);
  const results = useSurrogateStore((state) => state.results);
  const step = useSurrogateStore((state) => state.progress.step);
  const there = useSurrogateStore(isInEngine);
  const note = results
    ? `${results.steps} steps in ${formatDuration(results.trainingSeconds)}, ${results.adapter}`
    : undefined;
  return (
    <Card title="Does it imitate?" note={note} testId="surrogate-result">
      {before === null && evaluation === null && !there ? (
        <Empty title="Nothing measured yet">
          The black box is measured first. At every measurement the surrogate stands beside it, with how often
          the two agree.
        </Empty>
      ) : (
        <Figures before={before} evaluation={evaluation} />
      )}
      {history.length > 1 && (
        <div className={styles.rates}>
          <RatesPlot history={history} before={before} levels="black box" last={step} agreement />
        </div>
      )}
      <GoOn there={there} />
    </Card>
  );
}

interface FiguresProps {
  readonly before: Evaluation | null;
  readonly evaluation: Evaluation | null;
}

const RATES = [
  ['Benign accuracy', 'benignAccuracy'],
  ['Attack success', 'attackSuccessRate'],
  ['The two agree', 'agreementWithOriginal'],
] as const;

function Figures({ before, evaluation }: FiguresProps) {
  return (
    <table className={styles.figures}>
      <thead>
        <tr>
          <td />
          <th scope="col">Black box</th>
          <th scope="col">Surrogate</th>
        </tr>
      </thead>
      <tbody>
        {RATES.map(([label, name]) => (
          <tr key={name} data-testid={`imitates-${name}`}>
            <th scope="row">{label}</th>
            {name === 'agreementWithOriginal' ? <td /> : <RateCell rate={before?.[name]} />}
            <RateCell rate={evaluation?.[name]} />
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A rate with its counts, or a dash where it was not measured. */
export function RateCell({ rate }: { readonly rate: Rate | null | undefined }) {
  if (!rate) return <td className={styles.rate}>–</td>;
  return (
    <td className={styles.rate}>
      <b>{formatPercent(rate.rate)}</b> <small>{formatRateCounts(rate)}</small>
    </td>
  );
}

/** One press on: the surrogate becomes the model and REFINE is trained on it. */
function GoOn({ there }: { readonly there: boolean }) {
  const { defendSurrogate, reviewDefense } = useCommands();
  const busy = useBusy() !== null;
  const pending = useSurrogateStore((state) => state.pending !== null);
  const stored = useSurrogateStore((state) => state.stored);
  const loaded = useSurrogateLoaded();
  if (loaded && (stored || !there)) {
    return (
      <div className={styles.goOn}>
        <span className={styles.hint}>A surrogate of this black box is the model.</span>
        <Button tone="primary" onClick={() => goTo('train')}>
          On to REFINE
          <Icon name="arrow" size={14} />
        </Button>
      </div>
    );
  }
  if (stored) {
    return (
      <p className={styles.note}>
        This surrogate lies in storage: bring it back with the button above to use it.
      </p>
    );
  }
  const off = !there || busy || pending;
  return (
    <div className={styles.goOn}>
      <Button
        tone="primary"
        disabled={off}
        onClick={() => void defendSurrogate()}
        title="The surrogate becomes the model, and REFINE is trained on it with the settings as they are"
        data-testid="defend-surrogate"
      >
        Train REFINE on it
        <Icon name="arrow" size={14} />
      </Button>
      <Button
        disabled={off}
        onClick={() => void reviewDefense()}
        title="The surrogate becomes the model; nothing is trained yet"
        data-testid="adopt-surrogate"
      >
        Look at the settings first
      </Button>
    </div>
  );
}
