import { describe, expect, it } from 'vitest';
import { message, messageFrame, CONVERSATION_ID } from '../test/builders';
import { applyToOutbox, lastUnsent, undelivered, withoutDelivered, withState, type Outgoing } from './outbox';

const ME = 'ann';
const waiting: Outgoing = {
  clientId: 'c1',
  conversationId: CONVERSATION_ID,
  text: 'Lunch?',
  createdAt: '2026-01-15T09:00:00.000Z',
  state: 'pending',
};
const accepted = { type: 'accepted', id: 'message-1', position: 'p', clientId: 'c1' } as const;

describe('what was sent', () => {
  it('is sent when it is in the log', () => {
    expect(applyToOutbox([waiting], accepted, ME)).toEqual([{ ...waiting, state: 'sent' }]);
  });

  it('leaves when its message arrives, before or after that', () => {
    const arrived = messageFrame(1, { senderId: ME, clientId: 'c1' });
    expect(applyToOutbox([waiting], arrived, ME)).toEqual([]);
    expect(applyToOutbox(applyToOutbox([waiting], accepted, ME), arrived, ME)).toEqual([]);
  });

  it("stays when another's message has the same clientId", () => {
    const outbox = [waiting];
    expect(applyToOutbox(outbox, messageFrame(1, { clientId: 'c1' }), ME)).toBe(outbox);
  });

  it('fails when it is refused, and says why', () => {
    const refused = { type: 'error', code: 'too_big', message: 'too long', clientId: 'c1' } as const;
    expect(applyToOutbox([waiting], refused, ME)[0]).toMatchObject({
      state: 'failed',
      reason: 'too_big',
    });
    const rejected = {
      type: 'rejected',
      conversationId: CONVERSATION_ID,
      id: 'message-1',
      reason: 'not_found',
      clientId: 'c1',
    } as const;
    expect(applyToOutbox([waiting], rejected, ME)[0]).toMatchObject({ state: 'failed', reason: 'not_found' });
  });

  it('stays when the server cannot accept it now', () => {
    const outbox = [waiting];
    const refused = { type: 'error', code: 'unavailable', message: 'later', clientId: 'c1' } as const;
    expect(applyToOutbox(outbox, refused, ME)).toBe(outbox);
  });

  it('is pending again, for no reason, when it is tried again', () => {
    const failed = [{ ...waiting, state: 'failed', reason: 'unavailable' } as const];
    expect(withState(failed, 'c1', 'pending')).toEqual([waiting]);
  });

  it('leaves when history has it: of what a tab before this one sent, no frame may ever come', () => {
    const outbox = [waiting];
    expect(withoutDelivered(outbox, [message(1, { senderId: ME, clientId: 'c1' })], ME)).toEqual([]);
    expect(withoutDelivered(outbox, [message(1, { clientId: 'c1' })], ME)).toBe(outbox);
  });

  it('is the last of its conversation that waits, until it is in the log', () => {
    const later = { ...waiting, clientId: 'c2' };
    expect(lastUnsent([waiting, later], CONVERSATION_ID)).toBe(later);
    expect(lastUnsent([waiting, { ...later, state: 'sent' }], CONVERSATION_ID)).toBe(waiting);
    expect(lastUnsent([waiting], 'other')).toBeUndefined();
  });

  it('does not change for an error that is about something else', () => {
    const outbox = [waiting];
    expect(applyToOutbox(outbox, { type: 'error', code: 'bad_frame', message: '?' }, ME)).toBe(outbox);
  });
});

describe('what is still to be shown', () => {
  it('is what is of this conversation and not in it yet', () => {
    const elsewhere = { ...waiting, clientId: 'c2', conversationId: 'other' };
    expect(undelivered([waiting, elsewhere], CONVERSATION_ID, [message(1)], ME)).toEqual([waiting]);
    const arrived = message(1, { senderId: ME, clientId: 'c1' });
    expect(undelivered([waiting], CONVERSATION_ID, [arrived], ME)).toEqual([]);
    const anothers = message(1, { senderId: 'bob', clientId: 'c1' });
    expect(undelivered([waiting], CONVERSATION_ID, [anothers], ME)).toEqual([waiting]);
  });
});
