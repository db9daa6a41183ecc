import { act, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { chatService } from '../api/chatService';
import { subscribeToFrames, subscribeToNewMessages } from '../api/frameBus';
import type { Timeline } from '../domain/timeline';
import { useOutbox } from '../store/useOutbox';
import {
  conversation,
  historyPage,
  listPage,
  message,
  messageFrame,
  CONVERSATION_ID,
} from '../test/builders';
import { FakeSocket } from '../test/FakeSocket';
import type { Conversation, MessageFrame } from '../types/chat';
import { renderForAnn } from '../test/renderForUser';
import { CHAT_QUERY_KEYS } from './queryKeys';
import { useChat } from './useChat';
import { useMessageHistory } from './useMessageHistory';

const getConversations = vi.spyOn(chatService, 'getConversations');
const startConversation = vi.spyOn(chatService, 'startConversation');
const getMessageHistory = vi.spyOn(chatService, 'getMessageHistory');
const outbox = () => useOutbox.getState().outbox;

beforeEach(() => {
  FakeSocket.install();
  useOutbox.setState({ outbox: [] });
  vi.useFakeTimers({ shouldAdvanceTime: true });
  getConversations.mockReset().mockResolvedValue(listPage([conversation()]));
  getMessageHistory.mockReset().mockResolvedValue(historyPage([message(1)]));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function dialled(times = 1): Promise<FakeSocket> {
  await waitFor(() => expect(FakeSocket.all).toHaveLength(times));
  return FakeSocket.last;
}

async function connected() {
  const view = renderForAnn(() => ({ chat: useChat('ann'), history: useMessageHistory(CONVERSATION_ID) }));
  const socket = await dialled();
  act(() => socket.greet());
  await waitFor(() => expect(view.result.current.chat.isConnected).toBe(true));
  await waitFor(() => expect(view.result.current.history.isSuccess).toBe(true));
  const seqs = () =>
    view.queryClient
      .getQueryData<Timeline>(CHAT_QUERY_KEYS.history('ann', CONVERSATION_ID))
      ?.items.map(({ seq }) => seq);
  return { ...view, socket, seqs };
}

const wait = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));

describe('the socket', () => {
  it("starts from the list's cursor once there is one", async () => {
    let answer!: (list: ReturnType<typeof listPage>) => void;
    getConversations.mockReturnValue(new Promise((resolve) => (answer = resolve)));
    renderForAnn(() => useChat('ann'));
    await wait(100);
    expect(FakeSocket.all).toHaveLength(0);
    answer(listPage([]));
    expect((await dialled()).cursor).toBe('list-cursor');
  });

  it('authenticates as the existing integration does', async () => {
    const { socket } = await connected();
    expect(new URL(socket.url).pathname).toBe('/ws');
    expect(new URL(socket.url).searchParams.get('token')).toBe('ann');
  });

  it('reconnects with the last cursor it received', async () => {
    const { socket, result } = await connected();
    act(() => socket.receive({ type: 'cursor', cursor: 'later' }, { type: 'cursor', cursor: null }));
    act(() => socket.closeFromServer(1006));
    expect(result.current.chat.isConnected).toBe(false);
    await wait(1_000);
    expect((await dialled(2)).cursor).toBe('later');
  });

  it("reconnects with the first list's cursor until it receives one", async () => {
    const { queryClient } = renderForAnn(() => useChat('ann'));
    const socket = await dialled();
    getConversations.mockResolvedValue(listPage([conversation()], 'later-list'));
    await act(() => queryClient.refetchQueries());
    act(() => socket.closeFromServer(1006));
    await wait(1_000);
    expect((await dialled(2)).cursor).toBe('list-cursor');
  });

  it('is abandoned when it does not open in time', async () => {
    renderForAnn(() => useChat('ann'));
    await dialled();
    await wait(10_100);
    await dialled(2);
  });

  it('is connected only after missed frames are replayed', async () => {
    const { result } = renderForAnn(() => useChat('ann'));
    const socket = await dialled();
    act(() => {
      socket.open();
      socket.receive({ type: 'hello', userId: 'ann', cursor: 'c', heartbeatSeconds: 15 });
    });
    expect(result.current.isConnected).toBe(false);
    act(() => socket.receive({ type: 'synced', cursor: 'c' }));
    expect(result.current.isConnected).toBe(true);
  });

  it('reconnects after the delay in a frame or a close reason', async () => {
    const { socket } = await connected();
    act(() => {
      socket.receive({ type: 'reconnect', afterMs: 4_000 });
      socket.closeFromServer(1012);
    });
    await wait(3_900);
    expect(FakeSocket.all).toHaveLength(1);
    await wait(200);
    const second = await dialled(2);
    act(() => second.closeFromServer(4429, 'afterMs=6000'));
    await wait(5_900);
    expect(FakeSocket.all).toHaveLength(2);
    await wait(200);
    await dialled(3);
  });

  it('reconnects once after two heartbeats of silence', async () => {
    const { socket } = await connected();
    await wait(29_000);
    act(() => socket.receive({ type: 'cursor', cursor: 'still-here' }));
    await wait(29_000);
    expect(FakeSocket.all).toHaveLength(1);
    await wait(2_000);
    const second = await dialled(2);
    expect(second.cursor).toBe('still-here');
    act(() => second.greet());
    await wait(10_000);
    expect(FakeSocket.all).toHaveLength(2);
  });

  it('reconnects at once when the network is back', async () => {
    const { socket } = await connected();
    act(() => socket.closeFromServer(1006));
    act(() => void window.dispatchEvent(new Event('online')));
    await wait(0);
    await dialled(2);
    await wait(3_000);
    expect(FakeSocket.all).toHaveLength(2);
  });

  it('does not reconnect when authentication fails', async () => {
    const { socket, result } = await connected();
    act(() => socket.closeFromServer(4401));
    await wait(60_000);
    expect(FakeSocket.all).toHaveLength(1);
    expect(result.current.chat.isRefused).toBe(true);
  });

  it('refetches everything when its cursor is rejected', async () => {
    const { socket, seqs } = await connected();
    getMessageHistory.mockResolvedValue(historyPage([message(1), message(2)]));
    act(() => socket.receive({ type: 'reset', reason: 'of_another_log' }));
    await waitFor(() => expect(seqs()).toEqual([1, 2]));
    act(() => socket.receive({ type: 'synced', cursor: 'of-this-log' }));
    act(() => socket.closeFromServer(1006));
    await wait(1_000);
    expect((await dialled(2)).cursor).toBe('of-this-log');
  });
});

it('failed queries are retried when the server is back', async () => {
  getMessageHistory
    .mockReset()
    .mockRejectedValueOnce(new Error('away'))
    .mockResolvedValue(historyPage([message(1)]));
  const { result } = renderForAnn(() => ({
    chat: useChat('ann'),
    history: useMessageHistory(CONVERSATION_ID),
  }));
  const socket = await dialled();
  await waitFor(() => expect(result.current.history.isError).toBe(true));
  act(() => socket.greet());
  await waitFor(() => expect(result.current.history.isSuccess).toBe(true));
});

describe('a frame', () => {
  it('is appended to the cached items of its conversation', async () => {
    const { socket, seqs } = await connected();
    act(() => socket.receive(messageFrame(2), messageFrame(2), messageFrame(3)));
    await waitFor(() => expect(seqs()).toEqual([1, 2, 3]));
  });

  it('of an unknown conversation refetches the list', async () => {
    const { socket } = await connected();
    getConversations.mockClear();
    act(() => socket.receive(messageFrame(1, { conversationId: 'unknown' })));
    await waitFor(() => expect(getConversations).toHaveBeenCalledTimes(1));
  });

  it('of an unknown conversation does not restart a running fetch of the list', async () => {
    const { socket } = await connected();
    getConversations.mockReset().mockReturnValue(new Promise(() => {}));
    for (const seq of [1, 2, 3]) {
      act(() => socket.receive(messageFrame(seq, { conversationId: 'unknown' })));
      await wait(10);
    }
    expect(getConversations).toHaveBeenCalledTimes(1);
  });

  it('of an unknown type is ignored', async () => {
    const { socket, seqs } = await connected();
    act(() => socket.receive({ type: 'typing' } as never, messageFrame(2)));
    expect(seqs()).toEqual([1, 2]);
  });
});

/** Returns the messages announced while `receive` runs on a connected socket. */
async function announcedDuring(receive: (socket: FakeSocket) => Promise<void>): Promise<MessageFrame[]> {
  const { socket } = await connected();
  const announced: MessageFrame[] = [];
  const stop = subscribeToNewMessages((frame) => announced.push(frame));
  await receive(socket);
  stop();
  return announced;
}

describe('a new message', () => {
  it('is announced although the list, fetched just before, contains it', async () => {
    const frame = messageFrame(1, { conversationId: 'new' });
    const announced = await announcedDuring(async (socket) => {
      getConversations.mockResolvedValue(listPage([conversation({ id: 'new', lastSeq: 1 })]));
      act(() =>
        socket.receive({
          type: 'conversation',
          conversationId: 'new',
          kind: 'direct',
          title: null,
          members: ['ann', 'bob'],
          memberCount: 2,
          createdAt: '2026-01-15T08:00:00.000Z',
          updatedAt: '2026-01-15T08:00:00.000Z',
          version: 1,
        }),
      );
      await waitFor(() => expect(getConversations).toHaveBeenCalledTimes(2));
      await wait(100);
      act(() => socket.receive(frame));
    });
    expect(announced).toEqual([frame]);
  });

  it('is announced once, although a resumed connection repeats it', async () => {
    const announced = await announcedDuring(async (socket) => {
      act(() => socket.receive(messageFrame(2), messageFrame(3)));
      await wait(300);
      act(() => socket.closeFromServer(1006));
      await wait(1_000);
      const second = await dialled(2);
      act(() => {
        second.greet();
        second.receive(messageFrame(2), messageFrame(3), messageFrame(4));
      });
      await wait(300);
    });
    expect(announced).toEqual([messageFrame(2), messageFrame(3), messageFrame(4)]);
  });
});

it('a batched frame is not delivered to the next user of this tab', async () => {
  const { socket, unmount } = await connected();
  const delivered = vi.fn();
  const stop = subscribeToFrames(delivered);
  act(() => socket.receive(messageFrame(2), messageFrame(3)));
  unmount();
  await wait(1_000);
  stop();
  expect(delivered.mock.calls).toEqual([[messageFrame(2)]]);
});

describe('sending', () => {
  it('shows the message at once, transmits it, and replaces it on arrival', async () => {
    const { socket, result, seqs } = await connected();
    act(() => result.current.chat.send(CONVERSATION_ID, 'Lunch?'));
    const clientId = outbox()[0]!.clientId;
    expect(outbox()).toMatchObject([{ text: 'Lunch?', state: 'pending' }]);
    expect(socket.sent).toEqual([
      { type: 'message', conversationId: CONVERSATION_ID, text: 'Lunch?', clientId },
    ]);
    act(() => socket.receive({ type: 'accepted', id: 'm', position: 'p', clientId }));
    expect(outbox()).toMatchObject([{ state: 'sent' }]);
    act(() => socket.receive(messageFrame(2, { senderId: 'ann', clientId })));
    expect(outbox()).toEqual([]);
    expect(seqs()).toEqual([1, 2]);
  });

  it('while disconnected waits, and transmits in order after the replay', async () => {
    const { socket, result } = await connected();
    act(() => socket.closeFromServer(1006));
    act(() => result.current.chat.send(CONVERSATION_ID, 'one'));
    act(() => result.current.chat.send(CONVERSATION_ID, 'two'));
    await wait(1_000);
    const second = await dialled(2);
    act(() => second.open());
    expect(second.sent).toEqual([]);
    act(() => second.greet());
    await waitFor(() => expect(second.sent).toMatchObject([{ text: 'one' }, { text: 'two' }]));
  });

  it('keeps the order right after reconnecting', async () => {
    const { socket, result } = await connected();
    act(() => socket.closeFromServer(1006));
    act(() => result.current.chat.send(CONVERSATION_ID, 'one'));
    await wait(1_000);
    const second = await dialled(2);
    act(() => second.greet());
    act(() => result.current.chat.send(CONVERSATION_ID, 'two'));
    expect(second.sent).toMatchObject([{ text: 'one' }, { text: 'two' }]);
  });

  it('queues behind the first message of a conversation that the peer starts meanwhile', async () => {
    let start!: (started: Conversation) => void;
    startConversation.mockReturnValue(new Promise((resolve) => (start = resolve)));
    const { socket, result } = await connected();
    act(() => result.current.chat.send('with-dan', 'one', 'dan'));
    await waitFor(() => expect(startConversation).toHaveBeenCalled());
    // The conversation is listed by now, so its messages need no start.
    act(() => result.current.chat.send('with-dan', 'two'));
    expect(socket.sent).toEqual([]);
    start(conversation({ id: 'with-dan', peerId: 'dan' }));
    await waitFor(() => expect(socket.sent).toMatchObject([{ text: 'one' }, { text: 'two' }]));
  });

  it('again after a lost connection reuses the clientId', async () => {
    const { socket, result } = await connected();
    act(() => result.current.chat.send(CONVERSATION_ID, 'Lunch?'));
    act(() => socket.closeFromServer(1006));
    await wait(1_000);
    const second = await dialled(2);
    act(() => second.greet());
    await waitFor(() => expect(second.sent).toEqual(socket.sent));
  });

  it('does not repeat a message that arrived during the replay', async () => {
    const { socket, result } = await connected();
    act(() => result.current.chat.send(CONVERSATION_ID, 'Lunch?'));
    const { clientId } = outbox()[0]!;
    act(() => socket.closeFromServer(1006));
    await wait(1_000);
    const second = await dialled(2);
    act(() => {
      second.open();
      second.receive(messageFrame(2, { senderId: 'ann', clientId }), { type: 'synced', cursor: 'c' });
    });
    await wait(100);
    expect(second.sent).toEqual([]);
  });

  it('a failed message again reuses the clientId, and discarding removes it', async () => {
    const { socket, result } = await connected();
    act(() => result.current.chat.send(CONVERSATION_ID, 'Lunch?'));
    const { clientId } = outbox()[0]!;
    act(() => socket.receive({ type: 'error', code: 'not_found', message: 'none', clientId }));
    expect(outbox()).toMatchObject([{ state: 'failed' }]);
    act(() => result.current.chat.retry(outbox()[0]!));
    expect(socket.sent[1]).toEqual(socket.sent[0]);
    expect(outbox()).toMatchObject([{ state: 'pending' }]);
    act(() => result.current.chat.discard(outbox()[0]!));
    expect(outbox()).toEqual([]);
  });

  it('is retried automatically with the same clientId after a temporary error', async () => {
    const { socket, result } = await connected();
    act(() => result.current.chat.send(CONVERSATION_ID, 'Lunch?'));
    const { clientId } = outbox()[0]!;
    for (const code of ['unavailable', 'too_many']) {
      const before = socket.sent.length;
      act(() => socket.receive({ type: 'error', code, message: 'later', clientId }));
      expect(outbox()).toMatchObject([{ state: 'pending' }]);
      await wait(5_000);
      expect(socket.sent.slice(before)).toEqual([socket.sent[0]]);
    }
  });

  it('a message adopted after a reload refetches history once it is acknowledged', async () => {
    const left = {
      clientId: 'c1',
      conversationId: CONVERSATION_ID,
      text: 'Lunch?',
      createdAt: '',
      state: 'pending',
    };
    localStorage.setItem('parley/outbox/ann/c1', JSON.stringify({ ...left, tab: 'gone' }));
    const { socket } = await connected();
    await waitFor(() => expect(socket.sent).toMatchObject([{ clientId: 'c1' }]));
    getMessageHistory.mockClear();
    act(() => socket.receive({ type: 'accepted', id: 'm', position: 'p', clientId: 'c1' }));
    expect(outbox()).toMatchObject([{ state: 'sent' }]);
    await waitFor(() => expect(getMessageHistory).toHaveBeenCalledTimes(1));
  });
});
