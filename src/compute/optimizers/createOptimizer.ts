import type { OptimizerSettings } from '../../protocol/experiment';
import type { tf } from '../tf';
import { Adam } from './adam';
import type { Optimizer } from './optimizer';
import { Sgd } from './sgd';

/** The optimiser of `settings` over `parameters` (PyTorch name to variable). The caller disposes it. */
export function createOptimizer(
  settings: OptimizerSettings,
  parameters: ReadonlyMap<string, tf.Variable>,
): Optimizer {
  switch (settings.kind) {
    case 'sgd':
      return new Sgd(parameters, settings);
    case 'adam':
    case 'adamw':
      return new Adam(parameters, settings);
  }
}
