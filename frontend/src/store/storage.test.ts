import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

beforeEach(() => vi.resetModules());
afterEach(() => vi.unstubAllGlobals());

/** Loads the stores afresh, as a page load does. */
async function load() {
  const [{ useDrafts }, { useStore }, { changeOutbox, useOutbox }, { useStorage }, { openTabs, lockTab }] =
    await Promise.all([
      import('./useDrafts'),
      import('./useStore'),
      import('./useOutbox'),
      import('./storage'),
      import('./tabs'),
    ]);
  return { useDrafts, useStore, changeOutbox, useOutbox, useStorage, openTabs, lockTab };
}

const full = () => ({
  getItem: () => null,
  removeItem: () => {},
  setItem: () => {
    throw new DOMException('full', 'QuotaExceededError');
  },
});
const usual = Object.getOwnPropertyDescriptor(window, 'localStorage')!;
const denied = () => {
  throw new DOMException('denied', 'SecurityError');
};

const REFUSALS: [string, () => void][] = [
  ['full', () => vi.stubGlobal('localStorage', full())],
  ['absent', () => vi.stubGlobal('localStorage', null)],
  ['denied', () => Object.defineProperty(window, 'localStorage', { get: denied, configurable: true })],
];

describe.each(REFUSALS)('where storage is %s', (_, refuse) => {
  beforeEach(refuse);
  afterEach(() => void Object.defineProperty(window, 'localStorage', usual));

  it('drafts, theme and outbox work in memory and are reported as volatile', async () => {
    const { useDrafts, useStore, changeOutbox, useOutbox, useStorage } = await load();
    expect(useStorage.getState().isVolatile).toBe(false);
    useDrafts.getState().setDraft('talk/ann', 'half');
    useStore.getState().setTheme('dark');
    const outgoing = {
      clientId: 'c',
      conversationId: 'talk',
      text: 'x',
      createdAt: '',
      state: 'pending',
    } as const;
    changeOutbox('ann', () => [outgoing]);
    expect(useDrafts.getState().drafts).toEqual({ 'talk/ann': 'half' });
    expect(useStore.getState().theme).toBe('dark');
    expect(useOutbox.getState().outbox).toEqual([outgoing]);
    expect(useStorage.getState().isVolatile).toBe(true);
  });

  it('only user content is volatile, and only while it exists', async () => {
    const { useDrafts, useStore, useStorage } = await load();
    const { incrementSentCount } = await import('./useSentCount');
    incrementSentCount();
    useStore.getState().setTheme('dark');
    expect(useStorage.getState().isVolatile).toBe(false);
    useDrafts.getState().setDraft('talk/ann', 'half');
    useDrafts.getState().setDraft('talk/ann', '');
    expect(useStorage.getState().isVolatile).toBe(false);
  });
});

const refuseLock = () => Promise.reject(new DOMException('denied', 'SecurityError'));

it('where locks are denied, the page starts', async () => {
  vi.stubGlobal('navigator', { locks: { request: refuseLock, query: refuseLock } });
  const { openTabs, lockTab } = await load();
  lockTab();
  expect((await openTabs()).size).toBe(1);
});

it('storage is no longer volatile once the oversized draft is sent', async () => {
  vi.stubGlobal('localStorage', full());
  const { useDrafts, useStorage } = await load();
  useDrafts.getState().setDraft('talk/ann', 'too long');
  vi.unstubAllGlobals();
  useDrafts.getState().setDraft('talk/ann', '');
  expect(useStorage.getState().isVolatile).toBe(false);
});

/** Simulates a write by another tab. */
function anotherTab(key: string, value: string | null) {
  if (value === null) localStorage.removeItem(key);
  else localStorage.setItem(key, value);
  window.dispatchEvent(new StorageEvent('storage', { key, newValue: value, storageArea: localStorage }));
}

describe('a change by another tab', () => {
  it('updates drafts and theme', async () => {
    const { useDrafts, useStore } = await load();
    anotherTab('parley/draft/talk/ann', 'half');
    expect(useDrafts.getState().drafts).toEqual({ 'talk/ann': 'half' });
    anotherTab('parley/draft/talk/ann', null);
    expect(useDrafts.getState().drafts).toEqual({});
    anotherTab('parley/theme', 'dark');
    expect(useStore.getState().theme).toBe('dark');
  });

  it('is not undone by a draft of another conversation', async () => {
    const { useDrafts } = await load();
    useDrafts.getState().setDraft('other/ann', 'mine');
    anotherTab('parley/draft/talk/ann', 'theirs');
    expect(useDrafts.getState().drafts).toEqual({ 'other/ann': 'mine', 'talk/ann': 'theirs' });
  });
});

it('a malformed item of the outbox is skipped', async () => {
  localStorage.setItem('parley/outbox/ann/broken', '{');
  const { useOutbox } = await load();
  const { adoptOrphans } = await import('./useOutbox');
  expect(adoptOrphans('ann', new Set())).toEqual([]);
  expect(useOutbox.getState().outbox).toEqual([]);
});
