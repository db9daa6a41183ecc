import { beforeEach, expect, it, vi } from 'vitest';

beforeEach(() => vi.resetModules());

const drafts = async () => (await import('./useDrafts')).useDrafts;

it('a draft survives a reload', async () => {
  (await drafts()).getState().setDraft('talk/ann', 'almost');
  vi.resetModules();
  expect((await drafts()).getState().drafts).toEqual({ 'talk/ann': 'almost' });
});

it('a sent draft is removed', async () => {
  const store = await drafts();
  store.getState().setDraft('talk/ann', 'almost');
  store.getState().setDraft('talk/ann', '');
  expect([store.getState().drafts, localStorage.length]).toEqual([{}, 0]);
});

it('drafts of other tabs are kept', async () => {
  const store = await drafts();
  localStorage.setItem('parley/draft/other/ann', 'from another tab');
  store.getState().setDraft('talk/ann', 'mine');
  expect(Object.keys(localStorage).toSorted()).toEqual(['parley/draft/other/ann', 'parley/draft/talk/ann']);
});
