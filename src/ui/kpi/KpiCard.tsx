import type { Evaluation } from '../../protocol/results';
import { useDraftStore } from '../../state/draftStore';
import { isLive, latestEvaluation, useRunStore } from '../../state/runStore';
import { useStartBlocker } from '../../state/readiness';
import { RatesChart } from '../charts/RatesChart';
import { Button } from '../common/Button';
import { Card } from '../common/Card';
import { useCommands } from '../common/CommandsContext';
import { formatCount } from '../common/format';
import { DEFINITIONS } from './definitions';
import styles from './KpiCard.module.css';
import { KpiTile } from './KpiTile';

/** The question the person came with, answered in figures with their denominators. */
export function KpiCard({ className }: { readonly className?: string | undefined }) {
  const before = useRunStore((state) => state.before);
  const now = useRunStore(latestEvaluation);
  const hasHistory = useRunStore((state) => state.history.length > 0);
  const draftAttack = useDraftStore((state) => state.experiment.attack);
  const runAttack = useRunStore((state) => (state.experiment === null ? undefined : state.experiment.attack));
  const known = (runAttack === undefined ? draftAttack : runAttack) !== null;
  return (
    <Card
      title="Does it defend?"
      note={<Measured before={before} now={now} />}
      className={className}
      testId="kpi-card"
    >
      <div className={styles.tiles}>
        <KpiTile
          definition={DEFINITIONS.benignAccuracy}
          now={now?.benignAccuracy ?? null}
          before={before?.benignAccuracy ?? null}
          tone="clean"
          large
          testId="kpi-ba"
        />
        {known ? (
          <KpiTile
            definition={DEFINITIONS.attackSuccessRate}
            now={now?.attackSuccessRate ?? null}
            before={before?.attackSuccessRate ?? null}
            tone="triggered"
            large
            testId="kpi-asr"
          />
        ) : (
          <KpiTile
            definition={DEFINITIONS.agreementWithOriginal}
            now={now?.agreementWithOriginal ?? null}
            before={null}
            tone="plain"
            large
            testId="kpi-agreement"
          />
        )}
        {known && (
          <>
            <KpiTile
              definition={DEFINITIONS.triggeredTrueLabelAccuracy}
              now={now?.triggeredTrueLabelAccuracy ?? null}
              before={before?.triggeredTrueLabelAccuracy ?? null}
              tone="plain"
              testId="kpi-true-label"
            />
            <KpiTile
              definition={DEFINITIONS.landsAtMapOfTarget}
              now={now?.landsAtMapOfTarget ?? null}
              before={before?.landsAtMapOfTarget ?? null}
              tone="plain"
              testId="kpi-lands"
            />
          </>
        )}
      </div>
      {!known && (
        <p className={styles.unknown}>No trigger is known, so the attack success rate cannot be measured.</p>
      )}
      {hasHistory ? <RatesChart /> : <Measure before={before} />}
    </Card>
  );
}

function Measured({ before, now }: { readonly before: Evaluation | null; readonly now: Evaluation | null }) {
  const evaluation = now ?? before;
  if (evaluation === null) return null;
  const clean = (evaluation.benignAccuracy ?? evaluation.agreementWithOriginal)?.of;
  const triggered = evaluation.attackSuccessRate?.of;
  const parts = [
    clean === undefined ? '' : `${formatCount(clean)} clean`,
    triggered === undefined ? '' : `${formatCount(triggered)} triggered`,
  ];
  return <>{parts.filter(Boolean).join(', ')}</>;
}

function Measure({ before }: { readonly before: Evaluation | null }) {
  const { measureBefore, measureAfter } = useCommands();
  const phase = useRunStore((state) => state.phase);
  const pending = useRunStore((state) => state.pending);
  const blocker = useStartBlocker();
  const every = useRunStore((state) => state.experiment?.evaluate.everyEpochs ?? 0);
  const step = useRunStore((state) => state.progress.step);
  if (phase === 'restored') {
    return (
      <div className={styles.measure}>
        <p>The defended model is back. Measure it to see whether it still defends.</p>
        <Button onClick={() => void measureAfter()} disabled={pending !== null} data-testid="measure-after">
          {pending === 'after' ? 'Measuring…' : 'Measure it now'}
        </Button>
      </div>
    );
  }
  if (isLive(phase) || step > 0) {
    return (
      <div className={styles.measure}>
        <p>
          {every > 0
            ? `The defended model is measured every ${every === 1 ? 'epoch' : `${every} epochs`} and at the end.`
            : 'The defended model is measured at the end.'}
        </p>
      </div>
    );
  }
  return (
    <div className={styles.measure}>
      <p>
        {before === null
          ? 'Measured before training, during it and after. You can also look at the undefended model now.'
          : 'This is the model as it came. Train the defence to see both move.'}
      </p>
      {before === null && (
        <Button
          onClick={() => void measureBefore()}
          disabled={pending !== null || blocker !== null}
          title={blocker ?? undefined}
          data-testid="measure-before"
        >
          {pending === 'before' ? 'Measuring…' : 'Measure the model as it is'}
        </Button>
      )}
    </div>
  );
}
