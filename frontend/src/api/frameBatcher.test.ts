import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { messageFrame, readFrame } from '../test/builders';
import type { ServerFrame } from '../types/chat';
import { createFrameBatcher } from './frameBatcher';

const delivered: ServerFrame[][] = [];
const batch = () => createFrameBatcher((frames) => delivered.push([...frames]));
const receiver = () => batch().receive;

beforeEach(() => {
  delivered.length = 0;
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

it('delivers the first frame at once and batches the others per animation frame', () => {
  const receive = receiver();
  const frames = [messageFrame(1), messageFrame(2), readFrame('bob', 1), messageFrame(3)];
  frames.forEach(receive);
  expect(delivered).toEqual([[frames[0]]]);
  vi.advanceTimersToNextFrame();
  expect(delivered).toEqual([[frames[0]], frames.slice(1)]);
});

it('delivers a single frame at once', () => {
  const receive = receiver();
  for (const seq of [1, 2]) {
    receive(messageFrame(seq));
    vi.advanceTimersByTime(1_000);
  }
  receive(messageFrame(3));
  expect(delivered.flat()).toHaveLength(3);
});

it('keeps the order when an urgent frame flushes the batch', () => {
  const receive = receiver();
  const synced = { type: 'synced', cursor: 'c' } as const;
  [messageFrame(1), messageFrame(2), synced].forEach(receive);
  expect(delivered.flat()).toEqual([messageFrame(1), messageFrame(2), synced]);
});

it('delivers without animation frames', () => {
  vi.stubGlobal('requestAnimationFrame', () => 0);
  const receive = receiver();
  [messageFrame(1), messageFrame(2)].forEach(receive);
  vi.advanceTimersByTime(200);
  expect(delivered.flat()).toHaveLength(2);
  vi.unstubAllGlobals();
});

it('delivers nothing after stop', () => {
  const { receive, stop } = batch();
  [messageFrame(1), messageFrame(2)].forEach(receive);
  stop();
  vi.advanceTimersByTime(1_000);
  expect(delivered).toEqual([[messageFrame(1)]]);
});

it('starts no timer from a timer on a hidden page: browsers throttle those to one a minute', () => {
  vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
  const receive = receiver();
  for (let seq = 1; seq <= 3; seq++) {
    receive(messageFrame(seq));
    expect(vi.getTimerCount()).toBeGreaterThan(0);
    vi.advanceTimersByTime(200);
    expect(delivered.flat()).toHaveLength(seq);
    expect(vi.getTimerCount()).toBe(0);
  }
});
