import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { without, withState, type Outgoing } from '../domain/outbox';
import { openTabs, tabId } from './tabs';
import { changeOutbox, adoptOrphans, clearOutbox, useOutbox } from './useOutbox';

const outgoing = (clientId: string, over: Partial<Outgoing> = {}): Outgoing => ({
  clientId,
  conversationId: 'talk',
  text: clientId,
  createdAt: `2026-01-15T09:00:0${clientId.slice(-1)}.000Z`,
  state: 'pending',
  ...over,
});
const add = (user: string, ...some: Outgoing[]) => changeOutbox(user, (outbox) => [...outbox, ...some]);
const shown = () => useOutbox.getState().outbox.map(({ clientId }) => clientId);
const keys = () => Object.keys(localStorage);

/** Clears the memory, as a reload does. */
const forgetMemory = () => useOutbox.setState({ outbox: [] });

function tabsAre(...ids: string[]) {
  const held = ids.map((id) => ({ name: `parley/tab/${id}` }));
  vi.stubGlobal('navigator', { locks: { query: () => Promise.resolve({ held }) } });
}

function leftBy(tab: string, clientId: string) {
  localStorage.setItem(`parley/outbox/ann/${clientId}`, JSON.stringify({ ...outgoing(clientId), tab }));
}

beforeEach(forgetMemory);
afterEach(() => vi.unstubAllGlobals());

it('a message is stored until it arrives: it may still be rejected', () => {
  add('ann', outgoing('c1'));
  changeOutbox('ann', (outbox) => withState(outbox, 'c1', 'sent'));
  expect(keys()).toEqual(['parley/outbox/ann/c1']);
  changeOutbox('ann', (outbox) => without(outbox, 'c1'));
  expect(keys()).toEqual([]);
});

it('a sent message of a closed tab is pending again: it may have been rejected', async () => {
  add('ann', outgoing('c1', { state: 'sent' }));
  forgetMemory();
  tabsAre(tabId);
  adoptOrphans('ann', await openTabs());
  expect(useOutbox.getState().outbox[0]).toMatchObject({ clientId: 'c1', state: 'pending' });
});

it('adopted messages come before newer ones', async () => {
  leftBy('gone', 'c1');
  add('ann', outgoing('c2'));
  tabsAre(tabId);
  adoptOrphans('ann', await openTabs());
  expect(shown()).toEqual(['c1', 'c2']);
});

it('a failed message is stored until it is sent or discarded', () => {
  add('ann', outgoing('c1'));
  changeOutbox('ann', (outbox) => withState(outbox, 'c1', 'failed', 'unavailable'));
  expect(keys()).toHaveLength(1);
  changeOutbox('ann', (outbox) => without(outbox, 'c1'));
  expect(keys()).toEqual([]);
});

it('messages of a closed tab are adopted, oldest first', async () => {
  leftBy('gone', 'c2');
  leftBy('gone', 'c1');
  tabsAre(tabId);
  adoptOrphans('ann', await openTabs());
  expect(shown()).toEqual(['c1', 'c2']);
  expect(useOutbox.getState().outbox[0]).toMatchObject({ isAdopted: true, text: 'c1' });
});

it('a message is adopted once', async () => {
  leftBy('gone', 'c1');
  tabsAre(tabId);
  adoptOrphans('ann', await openTabs());
  adoptOrphans('ann', await openTabs());
  expect(shown()).toEqual(['c1']);
});

it('messages of an open tab are not adopted', async () => {
  leftBy('open', 'c1');
  tabsAre(tabId, 'open');
  adoptOrphans('ann', await openTabs());
  expect(shown()).toEqual([]);
});

it('messages are adopted again when their user returns', async () => {
  tabsAre(tabId);
  add('ann', outgoing('c1'));
  clearOutbox();
  expect(shown()).toEqual([]);
  adoptOrphans('bob', await openTabs());
  expect(shown()).toEqual([]);
  adoptOrphans('ann', await openTabs());
  expect(shown()).toEqual(['c1']);
});

it('messages of another user are not adopted', async () => {
  leftBy('gone', 'c1');
  tabsAre(tabId);
  adoptOrphans('an', await openTabs());
  adoptOrphans('ann/c1', await openTabs());
  expect(shown()).toEqual([]);
});

it('without Web Locks all messages are adopted: duplicates are idempotent', async () => {
  leftBy('gone', 'c1');
  vi.stubGlobal('navigator', {});
  adoptOrphans('ann', await openTabs());
  expect(shown()).toEqual(['c1']);
});
