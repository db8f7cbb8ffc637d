import { expect, it } from 'vitest';
import { writeMetricsCsv } from './metricsCsv';

it('writes the fixed header and nine significant digits', () => {
  const row = {
    step: 10,
    epoch: 0,
    loss: 0.123456789123,
    classificationLoss: 1234567.891234,
    supconLoss: 6.25e-9,
    learningRate: 0.01,
    stepSeconds: 1 / 3,
  };
  expect(writeMetricsCsv([row, { ...row, step: 20, loss: 2 }])).toBe(
    'step,epoch,loss,classification_loss,supcon_loss,learning_rate,step_seconds\n' +
      '10,0,0.123456789,1234567.89,6.25e-9,0.01,0.333333333\n' +
      '20,0,2,1234567.89,6.25e-9,0.01,0.333333333\n',
  );
});

it('gives a float32 back exactly', () => {
  const values = Float32Array.from({ length: 500 }, (_, i) => Math.exp(Math.sin(i * 12.9898) * 20));
  const rows = [...values].map((loss, i) => ({
    step: i,
    epoch: 0,
    loss,
    classificationLoss: 0,
    supconLoss: 0,
    learningRate: 0,
    stepSeconds: 0,
  }));
  const read = writeMetricsCsv(rows)
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => Number(line.split(',')[2]));
  expect(Float32Array.from(read)).toEqual(values);
});

it('is the header alone without rows', () => {
  expect(writeMetricsCsv([]).split('\n')).toHaveLength(2);
});
