import { act, waitFor } from '@testing-library/react';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { chatService } from '../api/chatService';
import { publishFrame } from '../api/frameBus';
import {
  conversation,
  historyPage,
  listPage,
  message,
  messageFrame,
  CONVERSATION_ID,
} from '../test/builders';
import { renderForAnn } from '../test/renderForUser';
import { useStore } from '../store/useStore';
import { CHAT_QUERY_KEYS } from './queryKeys';
import { useOpenConversation } from './useOpenConversation';
import { useConversations, useMoreConversations } from './useConversations';
import { useMessageHistory, useFetchOlderMessages } from './useMessageHistory';
import { useStartConversation } from './useStartConversation';

const getConversations = vi.spyOn(chatService, 'getConversations');
const getMessageHistory = vi.spyOn(chatService, 'getMessageHistory');
const startConversation = vi.spyOn(chatService, 'startConversation');

beforeEach(() => {
  vi.resetAllMocks();
  getConversations.mockResolvedValue(listPage([conversation()]));
});

describe('useConversations', () => {
  it('caches the list under its well-known key', async () => {
    const { queryClient, result } = renderForAnn(useConversations);
    await waitFor(() => expect(result.current.isSuccess).toBe(true));
    expect(queryClient.getQueryData(['conversations', 'ann'])).toEqual(listPage([conversation()]));
  });

  it('fetches nothing while no user is signed in', () => {
    const { result } = renderForAnn(() => {
      useStore.setState({ user: null });
      return useConversations();
    });
    expect(result.current.fetchStatus).toBe('idle');
    expect(getConversations).not.toHaveBeenCalled();
  });

  it('refetches as many pages as were loaded', async () => {
    const [one, two] = [conversation({ id: 'one' }), conversation({ id: 'two' })];
    getConversations.mockImplementation((_, page) =>
      Promise.resolve(page ? listPage([two]) : { ...listPage([one]), nextPage: 'second' }),
    );
    const { result } = renderForAnn(() => ({ list: useConversations(), more: useMoreConversations() }));
    await waitFor(() => expect(result.current.list.data?.nextPage).toBe('second'));
    await act(() => result.current.more.mutateAsync('second'));
    await act(() => result.current.list.refetch());
    await waitFor(() => expect(result.current.list.data?.items).toHaveLength(2));
  });

  it('is loaded page by page until the open conversation is found', async () => {
    const pages = [undefined, 'second', 'third'];
    getConversations.mockImplementation((_, page) => {
      const at = pages.indexOf(page);
      return Promise.resolve({
        ...listPage([conversation({ id: `on page ${at}` })]),
        nextPage: pages[at + 1] ?? null,
      });
    });
    const { result, rerender } = renderForAnn(() => useOpenConversation('ann', { id: 'on page 2' }));
    await waitFor(() => expect(result.current.conversation?.id).toBe('on page 2'));
    expect(getConversations).toHaveBeenCalledTimes(3);
    rerender();
    expect(result.current.isSearching).toBe(false);
  });

  it('counts a message received while a further page is loading', async () => {
    getConversations.mockImplementation((_, page) => {
      if (page) publishFrame(messageFrame(1, { conversationId: 'two' }));
      return Promise.resolve(
        page ? listPage([conversation({ id: 'two' })]) : { ...listPage([conversation()]), nextPage: 'more' },
      );
    });
    const { result } = renderForAnn(() => ({ list: useConversations(), more: useMoreConversations() }));
    await waitFor(() => expect(result.current.list.isSuccess).toBe(true));
    await act(() => result.current.more.mutateAsync('more'));
    await waitFor(() =>
      expect(result.current.list.data?.items).toMatchObject([
        { id: 'two', unreadCount: 1 },
        { id: CONVERSATION_ID },
      ]),
    );
  });

  it('counts a message received while the list is loading', async () => {
    getConversations.mockImplementation(() => {
      publishFrame(messageFrame(1));
      return Promise.resolve(listPage([conversation()]));
    });
    const { result } = renderForAnn(useConversations);
    await waitFor(() => expect(result.current.data?.items[0]?.unreadCount).toBe(1));
  });
});

describe('useMessageHistory', () => {
  const newest = historyPage([message(3), message(4)], true);

  it('is fetched only after the list, from whose cursor the socket starts', async () => {
    const calls: string[] = [];
    getConversations.mockImplementation(() => {
      calls.push('list');
      return Promise.resolve(listPage([conversation()]));
    });
    getMessageHistory.mockImplementation(() => {
      calls.push('history');
      return Promise.resolve(newest);
    });
    const { result } = renderForAnn(() => useMessageHistory(CONVERSATION_ID));
    await waitFor(() => expect(result.current.isSuccess).toBe(true));
    expect(calls).toEqual(['list', 'history']);
  });

  it('contains a message received while it was loading', async () => {
    getMessageHistory.mockImplementation(() => {
      publishFrame(messageFrame(5));
      publishFrame(messageFrame(1, { conversationId: 'other' }));
      return Promise.resolve(newest);
    });
    const { result } = renderForAnn(() => useMessageHistory(CONVERSATION_ID));
    await waitFor(() => expect(result.current.data?.items.map(({ seq }) => seq)).toEqual([3, 4, 5]));
  });

  it('keeps older pages on a refetch', async () => {
    getMessageHistory.mockImplementation((_, __, bounds) =>
      Promise.resolve(bounds?.before ? historyPage([message(1), message(2)]) : newest),
    );
    const { result } = renderForAnn(() => ({
      history: useMessageHistory(CONVERSATION_ID),
      older: useFetchOlderMessages(CONVERSATION_ID),
    }));
    await waitFor(() => expect(result.current.history.isSuccess).toBe(true));
    await act(() => result.current.older.mutateAsync(3));
    await act(() => result.current.history.refetch());
    await waitFor(() =>
      expect(result.current.history.data?.items.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]),
    );
    expect(result.current.history.data?.hasOlder).toBe(false);
  });

  it('drops an older page when the timeline was replaced meanwhile', async () => {
    let answer!: (page: ReturnType<typeof historyPage>) => void;
    getMessageHistory.mockImplementation((_, __, bounds) =>
      bounds?.before ? new Promise((resolve) => (answer = resolve)) : Promise.resolve(newest),
    );
    const { result } = renderForAnn(() => ({
      history: useMessageHistory(CONVERSATION_ID),
      older: useFetchOlderMessages(CONVERSATION_ID),
    }));
    await waitFor(() => expect(result.current.history.isSuccess).toBe(true));
    act(() => result.current.older.mutate(3));
    await waitFor(() => expect(getMessageHistory).toHaveBeenCalledTimes(2));
    getMessageHistory.mockResolvedValue(historyPage([message(90)], true));
    await act(() => result.current.history.refetch());
    await act(async () => answer(historyPage([message(1), message(2)])));
    await waitFor(() => expect(result.current.older.isSuccess).toBe(true));
    expect(result.current.history.data?.items.map(({ seq }) => seq)).toEqual([90]);
  });

  it('is loaded back to the first unread message', async () => {
    getConversations.mockResolvedValue(listPage([conversation({ lastSeq: 9, readSeq: 2, unreadCount: 7 })]));
    getMessageHistory.mockImplementation((_, __, bounds) => {
      const first = (bounds?.before ?? 10) - 3;
      return Promise.resolve(
        historyPage(
          [first, first + 1, first + 2].map((seq) => message(seq)),
          first > 1,
        ),
      );
    });
    const { result } = renderForAnn(() => useMessageHistory(CONVERSATION_ID));
    await waitFor(() => expect(result.current.isSuccess).toBe(true));
    expect(result.current.data?.items.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(getMessageHistory).toHaveBeenCalledTimes(3);
  });

  it('is replaced when there is a gap before the newest page', async () => {
    getMessageHistory.mockResolvedValueOnce(newest).mockResolvedValue(historyPage([message(90)], true));
    const { result } = renderForAnn(() => useMessageHistory(CONVERSATION_ID));
    await waitFor(() => expect(result.current.isSuccess).toBe(true));
    const { data } = await act(() => result.current.refetch());
    expect(data?.items.map(({ seq }) => seq)).toEqual([90]);
  });
});

describe('useStartConversation', () => {
  it('adds the started conversation to the list at once', async () => {
    startConversation.mockResolvedValue(conversation({ id: 'new', peerId: 'cleo' }));
    const { queryClient, result } = renderForAnn(() => ({
      list: useConversations(),
      start: useStartConversation(),
    }));
    await waitFor(() => expect(result.current.list.isSuccess).toBe(true));
    await act(() => result.current.start.mutateAsync('cleo'));
    expect(startConversation).toHaveBeenCalledWith('ann', 'cleo');
    expect(queryClient.getQueryData(CHAT_QUERY_KEYS.conversations('ann'))).toMatchObject({
      items: [{ id: 'new' }, { id: CONVERSATION_ID }],
    });
  });
});
