import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { BottomFollower } from './BottomFollower';

let scroller: HTMLElement;
const onChange = vi.fn<() => void>();

/** A list of 2,000 pixels in a viewport of 500. */
beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe = () => {};
      disconnect = () => {};
    },
  );
  scroller = document.createElement('div');
  Object.defineProperty(scroller, 'clientHeight', { value: 500, configurable: true });
  setHeight(2000);
  scroller.scrollTop = 1500;
  onChange.mockReset();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function setHeight(value: number) {
  Object.defineProperty(scroller, 'scrollHeight', { value, configurable: true });
}

function following() {
  const follower = new BottomFollower(true);
  follower.attach(scroller, document.createElement('div'));
  follower.subscribe(onChange);
  return follower;
}

it('keeps following while a resized row leaves the bottom in view', () => {
  const follower = following();
  follower.holdPosition();
  setHeight(2040);
  vi.advanceTimersByTime(1_000);
  expect(follower.isFollowing()).toBe(true);
  expect(onChange).not.toHaveBeenCalled();
});

it('detaches, without scrolling, when a resized row moves the bottom away', () => {
  const follower = following();
  scroller.dispatchEvent(new Event('pointerdown'));
  follower.holdPosition();
  setHeight(3000);
  vi.advanceTimersByTime(1_000);
  expect(follower.isFollowing()).toBe(false);
  expect(onChange).toHaveBeenCalledOnce();
  expect(scroller.scrollTop).toBe(1500);
});
