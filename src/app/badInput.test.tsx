// @vitest-environment happy-dom
import { cleanup, render, screen, waitFor, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClient } from '../../tests/fakes/fakeClient';
import { useDatasetStore } from '../state/datasetStore';
import { setField, useDraftStore } from '../state/draftStore';
import { useLabStore } from '../state/labStore';
import { useModelStore } from '../state/modelStore';
import { useNoticeStore } from '../state/noticeStore';
import { clearRun } from '../state/runStore';
import { useTriggerStore } from '../state/triggerStore';
import { clearVictim } from '../state/victimStore';
import { goTo, useViewStore } from '../state/viewStore';
import { App } from '../ui/App';
import { createStudio, type Studio } from './createStudio';

let studio: Studio;
let client: FakeClient;

beforeEach(async () => {
  useDatasetStore.setState(useDatasetStore.getInitialState(), true);
  useModelStore.setState(useModelStore.getInitialState(), true);
  useDraftStore.setState(useDraftStore.getInitialState(), true);
  useLabStore.setState(useLabStore.getInitialState(), true);
  useTriggerStore.setState(useTriggerStore.getInitialState(), true);
  useViewStore.setState(useViewStore.getInitialState(), true);
  useNoticeStore.setState({ notices: [], nextId: 1 });
  clearRun();
  clearVictim();
  client = new FakeClient();
  studio = createStudio(client);
  render(<App commands={studio.commands} />);
  await studio.open();
  await studio.commands.openDemo();
});

afterEach(() => {
  cleanup();
  studio.dispose();
});

/** What stands at a field of the attack's options, once it does. */
async function refusedAt(field: string): Promise<string> {
  const options = await screen.findByTestId('attack-options');
  return waitFor(() => {
    const alert = within(options).getByRole('alert');
    expect(alert.closest('label, div')?.textContent).toContain(field);
    return alert.textContent ?? '';
  });
}

describe('an attack that cannot be made', () => {
  it.each([
    ['a trigger larger than the image', 'attack.options.size', 40, 'Patch side', /larger than the images/],
    ['a rate that leaves no clean sample', 'attack.options.rate', 1, 'Poison rate', /leave none clean/],
    ['a class that does not exist', 'attack.target', 12, 'Target class', /class 12 does not exist/],
  ] as const)('is refused at its field before training: %s', async (_name, path, value, field, words) => {
    goTo('lab');
    setField(path, value);
    expect(await refusedAt(field)).toMatch(words);
    useLabStore.setState({ part: 'train' });
    const train = await screen.findByTestId('train-victim');
    await waitFor(() => expect(train).toHaveProperty('disabled', true));
    expect(train.title).toMatch(/larger than the images|leave none clean|does not exist/);
    expect(client.calls.map(({ name }) => name)).not.toContain('victim/train');
  });

  it('is refused where its mask is empty', async () => {
    goTo('lab');
    setField('attack', { kind: 'custom', target: 0, options: { image: 'a.png', mask: 'empty.png' } });
    expect(await refusedAt('Mask')).toMatch(/mask empty\.png .* is empty/);
  });

  it('is no trigger to defend against either, but its rate does not matter there', async () => {
    goTo('lab');
    setField('attack.options.rate', 1);
    expect(await refusedAt('Poison rate')).toMatch(/leave none clean/);
    goTo('train');
    expect(await screen.findByTestId('start')).toHaveProperty('disabled', false);
    goTo('lab');
    setField('attack.options.size', 40);
    expect(await refusedAt('Patch side')).toMatch(/larger than the images/);
    goTo('train');
    const start = await screen.findByTestId('start');
    await waitFor(() => expect(start).toHaveProperty('disabled', true));
    expect(start.title).toMatch(/larger than the images/);
  });
});
