import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FakeSocket } from '../test/FakeSocket';
import type { ServerFrame } from '../types/chat';
import { ChatSocket } from './ChatSocket';
import { credentials } from './credentials';

beforeEach(() => FakeSocket.install());
afterEach(() => vi.unstubAllGlobals());

it('moves its cursor only after the frames before it are applied', () => {
  const onFrame = vi.fn<(frame: ServerFrame) => void>();
  const socket = new ChatSocket({
    userId: 'ann',
    credentials: credentials(),
    cursor: 'first',
    onFrame,
    onState: () => {},
  });
  socket.start();
  FakeSocket.last.greet('second');
  onFrame.mockImplementation(() => {
    throw new Error('not applied');
  });
  expect(() => FakeSocket.last.receive({ type: 'cursor', cursor: 'third' })).toThrow('not applied');
  window.dispatchEvent(new Event('online'));
  expect(FakeSocket.last.cursor).toBe('second');
  socket.stop();
});
