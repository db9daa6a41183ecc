import { expect, it, vi } from 'vitest';
import { messageFrame } from '../test/builders';
import { listen, tell } from './hub';

it('delivers a frame to all listeners, although one of them throws', () => {
  const reported = vi.fn<(error: unknown) => void>();
  vi.stubGlobal('reportError', reported);
  const heard = vi.fn<() => void>();
  const stops = [
    listen(() => {
      throw new Error('a fault of ours');
    }),
    listen(heard),
  ];
  const frame = messageFrame(1);
  tell(frame);
  tell(frame);
  stops.forEach((stop) => stop());
  vi.unstubAllGlobals();
  expect(heard).toHaveBeenCalledTimes(2);
  expect(reported).toHaveBeenCalledTimes(2);
});
