import { renderHook } from '@testing-library/react';
import { beforeEach, expect, it, vi } from 'vitest';
import type { InitialPosition } from '../../domain/rows';
import { useInitialPosition } from './useInitialPosition';

const onPlaced = vi.fn();
const scroller = document.createElement('div');

beforeEach(() => {
  onPlaced.mockReset();
  scroller.innerHTML = '<div data-row data-seq="90"></div>';
  Element.prototype.checkVisibility = () => true;
});

const placing = (start: InitialPosition) =>
  renderHook((at: InitialPosition) => useInitialPosition({ current: scroller }, at, false, onPlaced), {
    initialProps: start,
  });

const frames = () => new Promise((resolve) => setTimeout(resolve, 100));

it('waits for the initial row', async () => {
  placing({ seq: 5, offset: 96 });
  await frames();
  expect(onPlaced).not.toHaveBeenCalled();
  scroller.innerHTML = '<div data-row data-seq="5"></div>';
  await frames();
  expect(onPlaced).toHaveBeenCalledTimes(1);
});

it('waits for the bottom instead once that is the target', async () => {
  const { rerender } = placing({ seq: 5, offset: 96 });
  await frames();
  rerender(null);
  await frames();
  expect(onPlaced).toHaveBeenCalledTimes(1);
});
