import type { WeightsFile } from '../../src/protocol/summaries';

/** What a file of weights is, by its name: `start-8.pth` is a transform of 8 first channels, others are classifiers. */
export function fakeWeights(path: string): WeightsFile {
  const channels = /start-(\d+)/.exec(path)?.[1];
  return channels === undefined
    ? { path, label: 'CIFAR ResNet-18, first width 64', firstChannels: null }
    : { path, label: `UNet ${channels}`, firstChannels: Number(channels) };
}
