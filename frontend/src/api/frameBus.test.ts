import { expect, it, vi } from 'vitest';
import { messageFrame } from '../test/builders';
import { subscribeToFrames, publishFrame } from './frameBus';

it('delivers a frame to all listeners although one of them throws', () => {
  const reported = vi.fn<(error: unknown) => void>();
  vi.stubGlobal('reportError', reported);
  const received = vi.fn<() => void>();
  const subscriptions = [
    subscribeToFrames(() => {
      throw new Error('a bug in a listener');
    }),
    subscribeToFrames(received),
  ];
  const frame = messageFrame(1);
  publishFrame(frame);
  publishFrame(frame);
  subscriptions.forEach((unsubscribe) => unsubscribe());
  vi.unstubAllGlobals();
  expect(received).toHaveBeenCalledTimes(2);
  expect(reported).toHaveBeenCalledTimes(2);
});
