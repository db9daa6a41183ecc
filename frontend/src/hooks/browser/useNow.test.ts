import { act, renderHook } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { useNow } from './useNow';

beforeEach(() => vi.useFakeTimers({ now: new Date(2026, 0, 15, 23, 59, 50) }));
afterEach(() => vi.useRealTimers());

const day = (now: Date) => now.getDate();

it('follows the clock over midnight', () => {
  const { result } = renderHook(() => useNow(day));
  expect(result.current).toBe(15);
  act(() => vi.advanceTimersByTime(11_000));
  expect(result.current).toBe(16);
});

it('is current when the page wakes after its timer was suspended', () => {
  const { result } = renderHook(() => useNow(day));
  vi.setSystemTime(new Date(2026, 0, 17, 8));
  act(() => void window.dispatchEvent(new Event('focus')));
  expect(result.current).toBe(17);
});

it('renders only when the selected value changes', () => {
  let renders = 0;
  renderHook(() => {
    renders++;
    return useNow(day);
  });
  act(() => vi.advanceTimersByTime(11_000));
  const after = renders;
  act(() => vi.advanceTimersByTime(60 * 60_000));
  expect(renders).toBe(after);
});

it('leaves no timer behind', () => {
  renderHook(() => useNow(day)).unmount();
  expect(vi.getTimerCount()).toBe(0);
});
