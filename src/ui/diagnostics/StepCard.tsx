import { useDiagnosticsStore } from '../../state/diagnosticsStore';
import { Card } from '../common/Card';
import { Empty } from '../common/Empty';
import { formatBytes, formatCount } from '../common/format';
import { Facts } from './Facts';

/** How the last run's steps reach the GPU. */
export function StepCard() {
  const step = useDiagnosticsStore((state) => state.report?.step ?? null);
  if (step === null) {
    return (
      <Card title="Training step">
        <Empty title="No step was taken yet.">
          After the first step of a run: whether it is planned, what it sends to the GPU and what it holds
          there.
        </Empty>
      </Card>
    );
  }
  if (step.kind === 'unplanned') {
    return (
      <Card title="Training step" note="not planned">
        <p data-testid="step-reason">
          Steps go to the GPU operation by operation, because {step.reason}. The numbers are the same; a
          planned step is faster.
        </p>
      </Card>
    );
  }
  return (
    <Card title="Training step" note="planned: recorded once, sent as a whole">
      <Facts
        rows={[
          ['Dispatches a step', formatCount(step.dispatches)],
          ['Submissions a step', formatCount(step.submits)],
          ['Parameters, gradients, optimiser', formatBytes(step.parameterBytes)],
          ['Memory within a step', formatBytes(step.temporaryBytes)],
          ['Alive at once, at most', formatBytes(step.peakLiveBytes)],
        ]}
      />
    </Card>
  );
}
