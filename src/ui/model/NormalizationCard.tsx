import type { NormalizationCandidate } from '../../protocol/summaries';
import { useDatasetStore } from '../../state/datasetStore';
import { setField, useDraftStore } from '../../state/draftStore';
import { useModelStore } from '../../state/modelStore';
import { Button } from '../common/Button';
import { Card } from '../common/Card';
import { useCommands } from '../common/CommandsContext';
import { formatCount, formatPercent } from '../common/format';
import { LoadingLine } from '../common/LoadingLine';
import { Segmented } from '../common/Segmented';
import { NumberInput } from '../common/NumberInput';
import styles from './NormalizationCard.module.css';

/** Whose feeding it is; only a loaded model can be tried with the usual choices. */
type Fed = 'model' | 'black box file' | 'black box address';

const WORDS: Readonly<Record<Exclude<Fed, 'model'>, string>> = {
  'black box file':
    'The file and its surrogate are fed so. Write mean 0 and deviation 1 for a file that normalises by itself.',
  'black box address': 'The surrogate is fed so. The address gets plain pixels.',
};

/** How images are fed: what is subtracted and divided, and the order of the channels. */
export function NormalizationCard({ of }: { readonly of: Fed }) {
  const order = useDraftStore((state) => state.experiment.model.channelOrder);
  const letters = order === 'RGB' ? ['R', 'G', 'B'] : ['B', 'G', 'R'];
  return (
    <Card title="How it is fed" note="pixels in [0, 1], per channel">
      <div className={styles.order}>
        Channels
        <Segmented
          label="Channel order"
          value={order}
          options={[
            { value: 'RGB', label: 'RGB' },
            { value: 'BGR', label: 'BGR' },
          ]}
          onChange={(value) => setField('model.channelOrder', value)}
        />
      </div>
      <table className={styles.editor}>
        <thead>
          <tr>
            <td />
            {letters.map((letter) => (
              <th key={letter} scope="col">
                {letter}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {(['mean', 'std'] as const).map((row) => (
            <tr key={row}>
              <th scope="row">{row === 'mean' ? 'Mean' : 'Standard deviation'}</th>
              {letters.map((letter, channel) => (
                <td key={letter}>
                  <NumberInput
                    path={`model.normalization.${row}.${channel}`}
                    label={`${row === 'mean' ? 'Mean' : 'Standard deviation'} of ${letter}`}
                  />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {of === 'model' ? <Proposal /> : <p className={styles.words}>{WORDS[of]}</p>}
    </Card>
  );
}

function Proposal() {
  const { proposeNormalization } = useCommands();
  const proposal = useModelStore((state) => state.proposal);
  const proposing = useModelStore((state) => state.proposing);
  const labelled = useDatasetStore((state) => state.summary?.labelled ?? false);
  return (
    <div className={styles.proposal}>
      <p className={styles.hint}>
        {labelled
          ? 'Not sure? The studio can try the usual choices on labelled images and show which the model does best with.'
          : 'With labelled images loaded, the studio can try the usual choices and propose the best.'}
      </p>
      <Button
        small
        disabled={!labelled || proposing.kind === 'loading'}
        onClick={() => void proposeNormalization(null)}
      >
        Try the usual choices
      </Button>
      <LoadingLine loading={proposing} verb="Trying" />
      {proposal !== null && <Candidates candidates={proposal.candidates} best={proposal.best} />}
    </div>
  );
}

interface CandidatesProps {
  readonly candidates: readonly NormalizationCandidate[];
  readonly best: number | null;
}

function Candidates({ candidates, best }: CandidatesProps) {
  const { applyNormalization } = useCommands();
  const model = useDraftStore((state) => state.experiment.model);
  const inUse = (candidate: NormalizationCandidate) =>
    candidate.channelOrder === model.channelOrder &&
    JSON.stringify([candidate.mean, candidate.std]) ===
      JSON.stringify([model.normalization.mean, model.normalization.std]);
  return (
    <table className={styles.candidates}>
      <thead>
        <tr>
          <th scope="col">Tried</th>
          <th scope="col">Accuracy on {formatCount(candidates[0]?.sample ?? 0)} images</th>
          <td />
        </tr>
      </thead>
      <tbody>
        {candidates.map((candidate, index) => (
          <tr key={candidate.id}>
            <th scope="row">
              {candidate.label} {index === best && <b className={styles.best}>best</b>}
            </th>
            <td title={`on ${formatCount(candidate.sample)} images`}>{formatPercent(candidate.accuracy)}</td>
            <td>
              <Button small disabled={inUse(candidate)} onClick={() => applyNormalization(candidate)}>
                {inUse(candidate) ? 'In use' : 'Use'}
              </Button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
