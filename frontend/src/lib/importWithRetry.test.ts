import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { importWithRetry } from './importWithRetry';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('retries an import until it succeeds', async () => {
  const load = vi
    .fn<() => Promise<string>>()
    .mockRejectedValueOnce(new Error('offline'))
    .mockResolvedValue('module');
  const loaded = importWithRetry(load);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(await loaded).toBe('module');
  expect(load).toHaveBeenCalledTimes(2);
});

it('fails when an import fails for a minute', async () => {
  const load = vi.fn<() => Promise<string>>().mockRejectedValue(new Error('gone'));
  const failed = expect(importWithRetry(load)).rejects.toThrow('gone');
  await vi.advanceTimersByTimeAsync(60_000);
  await failed;
});
