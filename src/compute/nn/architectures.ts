import { StudioError } from '../../protocol/errors';
import { cifarResnetOfDepth } from './cifarResnet';
import type { BoundNetwork } from './network';

/** What a network is made for. */
export interface ArchitectureSize {
  /** Channels of the first level; null: the architecture's own. */
  readonly width: number | null;
  readonly classes: number;
  /** [H, W, 3]. */
  readonly inputShape: readonly [number, number, number];
}

/** An architecture that a victim can be trained as, by the name the experiment file gives it. */
export interface Architecture {
  readonly id: string;
  readonly label: string;
  /** The published learning rate of its SGD recipe (METHODS 2.1). */
  readonly learningRate: number;
  readonly make: (size: ArchitectureSize) => BoundNetwork;
}

/** Adding one is a line here. */
export const ARCHITECTURES: readonly Architecture[] = [
  {
    id: 'resnet18',
    label: 'CIFAR ResNet-18',
    learningRate: 0.1,
    make: ({ width, classes }) => cifarResnetOfDepth(18, width ?? 64, classes),
  },
];

/** @throws StudioError `experiment/invalid` naming the architectures there are. */
export function architectureById(id: string): Architecture {
  const found = ARCHITECTURES.find((architecture) => architecture.id === id);
  if (found) return found;
  const known = ARCHITECTURES.map((architecture) => architecture.id).join(', ');
  throw new StudioError(
    'experiment/invalid',
    `There is no architecture "${id}" to train; the studio knows ${known}.`,
    { subject: 'model.train.architecture' },
  );
}
