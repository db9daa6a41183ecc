import { describe, expect, it } from 'vitest';
import {
  afterInput,
  afterPositioning,
  afterIdle,
  afterResize,
  afterScroll,
  type FollowState,
  type ScrollMetrics,
} from './followState';

const at = (top: number, height = 2000): ScrollMetrics => ({ top, height, viewport: 500 });
const atEnd: FollowState = { mode: 'following', atBottom: at(1500) };
const modeAfter = (state: FollowState, ...positions: ScrollMetrics[]) =>
  positions.reduce((held, now) => afterScroll(held, now, true), state).mode;

describe('a list at its bottom', () => {
  it('follows when rows are added, grow or shrink', () => {
    for (const now of [at(1500, 2200), at(1400, 2100), at(900, 1500), at(0, 9000)]) {
      expect(modeAfter(atEnd, now)).toBe('following');
    }
  });

  it('detaches when the reader scrolls up, also while rows are added', () => {
    const held = afterInput(atEnd);
    expect(modeAfter(held, at(1480, 2060), at(1440, 2120))).toBe('detached');
  });

  it('detaches by many small steps as by one', () => {
    const held = afterInput(atEnd);
    expect(modeAfter(held, at(1480), at(1460), at(1440))).toBe('detached');
    expect(modeAfter(atEnd, at(1480), at(1460), at(1440))).toBe('detached');
  });

  it('stays attached on a touch without movement while rows are added', () => {
    const held = afterScroll(afterInput(atEnd), at(1500, 2600), false);
    expect(afterIdle(held).mode).toBe('following');
  });

  it('detaches on a scroll without an input event, as by find in page', () => {
    expect(modeAfter(atEnd, at(700))).toBe('detached');
    expect(afterScroll(atEnd, at(700), false).mode).toBe('following');
  });

  it('does not snap back in the middle of a gesture', () => {
    expect(modeAfter(afterInput(atEnd), at(1470))).toBe('paused');
  });
});

describe('a detached list', () => {
  const away: FollowState = { mode: 'detached', atBottom: at(1500) };

  it('stays where it is', () => {
    expect(modeAfter(away, at(700), at(900), at(900, 2300))).toBe('detached');
    expect(afterIdle(afterInput(away)).mode).toBe('detached');
  });

  it('follows again once its bottom is reached', () => {
    expect(modeAfter(away, at(1452))).toBe('following');
  });
});

describe('a list whose reader resizes a row', () => {
  it('follows while its bottom stays in view, and detaches otherwise', () => {
    const paused = afterInput(atEnd);
    expect(afterResize(paused, at(1500, 2040)).mode).toBe('following');
    expect(afterResize(paused, at(1500, 2600)).mode).toBe('detached');
    expect(afterResize(paused, at(900, 1400)).mode).toBe('following');
  });

  it('does not interrupt positioning', () => {
    const positioning: FollowState = { mode: 'positioning', atBottom: at(0, 500) };
    expect(afterResize(positioning, at(0, 500)).mode).toBe('positioning');
  });
});

describe('a list that opens at a row', () => {
  const placing: FollowState = { mode: 'positioning', atBottom: at(0, 500) };

  it('does not mistake its first layout for the bottom', () => {
    expect(modeAfter(placing, at(0, 500), at(600, 1100))).toBe('positioning');
  });

  it('follows if that row is at the bottom', () => {
    expect(afterPositioning(placing, at(1500)).mode).toBe('following');
    expect(afterPositioning(placing, at(700)).mode).toBe('detached');
  });
});
