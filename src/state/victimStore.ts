import { createTraining } from './training';

/** The classifier that is made in the lab, or the last one that was. */
export const victimTraining = createTraining();

export const useVictimStore = victimTraining.useStore;
/** The loss of the classifier's training. */
export const victimSeries = victimTraining.series;
export const clearVictim = victimTraining.clear;
