import { describe, expect, it } from 'vitest';
import { message } from '../test/builders';
import { toRow, indexAfterSeq, firstRowIndex, rowKey, initialPositionOf } from './rows';

const keyWith = (over: Parameters<typeof message>[1]) => rowKey(message(1, over), 'k');

describe('rows', () => {
  const items = [message(5), message(6, { senderId: 'ann', clientId: 'c1' })];
  const waiting = {
    clientId: 'c2',
    conversationId: 'x',
    text: 'hi',
    createdAt: '',
    state: 'pending',
  } as const;

  it('are made of messages and outgoing messages', () => {
    expect(toRow(items[0]!, 'ann')).toMatchObject({ senderId: 'bob', text: 'text 5', message: items[0] });
    expect(toRow(waiting, 'ann')).toMatchObject({ senderId: 'ann', text: 'hi', outgoing: waiting });
  });

  it('keep their key when an outgoing message arrives', () => {
    expect(rowKey(message(7, { senderId: 'ann', clientId: 'c2' }), 'ann')).toBe(rowKey(waiting, 'ann'));
  });

  it('have different keys whatever their ids contain', () => {
    const keys = [
      keyWith({ senderId: 'k', clientId: 'x/1' }),
      keyWith({ senderId: 'k/x', clientId: '1' }),
      keyWith({ senderId: 'k', clientId: '","1' }),
      keyWith({ senderId: 'k","', clientId: '1' }),
      keyWith({ senderId: 'k', id: 'm' }),
      keyWith({ senderId: 'k', clientId: 'm' }),
      keyWith({ senderId: '', clientId: 'km' }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('keep their index when older or newer rows are added', () => {
    expect(firstRowIndex(items)).toBe(5);
    expect(firstRowIndex([message(4), ...items])).toBe(4);
    expect(firstRowIndex([...items, message(7)])).toBe(5);
    expect(firstRowIndex([])).toBe(1);
  });

  it('open at the saved position, at the first unread message or at the bottom', () => {
    expect(initialPositionOf(items, undefined, null)).toBeNull();
    expect(initialPositionOf(items, undefined, 6)).toBeNull();
    expect(initialPositionOf(items, undefined, 5)).toEqual({ seq: 6, offset: 96 });
    expect(initialPositionOf(items, undefined, 2)).toEqual({ seq: 5, offset: 0 });
    expect(initialPositionOf(items, { seq: 6, offset: -7 }, 4)).toEqual({ seq: 6, offset: -7 });
    expect(initialPositionOf(items, { seq: 3, offset: 0 }, 5)).toBeNull();
  });

  it('are found after a seq if none is missing', () => {
    expect(indexAfterSeq(items, 5)).toBe(1);
    expect(indexAfterSeq(items, 4)).toBe(0);
    expect(indexAfterSeq(items, 3)).toBe(-1);
    expect(indexAfterSeq(items, 6)).toBe(-1);
  });
});
