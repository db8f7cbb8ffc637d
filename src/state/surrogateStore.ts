import { createTraining } from './training';

/** The black box's surrogate that is distilled, or the last one that was. */
export const distillation = createTraining();

export const useSurrogateStore = distillation.useStore;
