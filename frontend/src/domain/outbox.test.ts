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

describe('an outgoing message', () => {
  it('is sent when it is acknowledged', () => {
    expect(applyToOutbox([waiting], accepted, ME)).toEqual([{ ...waiting, state: 'sent' }]);
  });

  it('is removed when its message arrives, before or after the acknowledgement', () => {
    const arrived = messageFrame(1, { senderId: ME, clientId: 'c1' });
    expect(applyToOutbox([waiting], arrived, ME)).toEqual([]);
    expect(applyToOutbox(applyToOutbox([waiting], accepted, ME), arrived, ME)).toEqual([]);
  });

  it("stays when another's message has the same clientId", () => {
    const outbox = [waiting];
    expect(applyToOutbox(outbox, messageFrame(1, { clientId: 'c1' }), ME)).toBe(outbox);
  });

  it('fails with a reason when it is refused', () => {
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

  it('stays pending on a temporary error', () => {
    const outbox = [waiting];
    const refused = { type: 'error', code: 'unavailable', message: 'later', clientId: 'c1' } as const;
    expect(applyToOutbox(outbox, refused, ME)).toBe(outbox);
  });

  it('is pending without a reason when it is retried', () => {
    const failed = [{ ...waiting, state: 'failed', reason: 'unavailable' } as const];
    expect(withState(failed, 'c1', 'pending')).toEqual([waiting]);
  });

  it('is removed when history contains it: a message of a closed tab may get no frame', () => {
    const outbox = [waiting];
    expect(withoutDelivered(outbox, [message(1, { senderId: ME, clientId: 'c1' })], ME)).toEqual([]);
    expect(withoutDelivered(outbox, [message(1, { clientId: 'c1' })], ME)).toBe(outbox);
  });

  it('is the last unsent one of its conversation until it is sent', () => {
    const later = { ...waiting, clientId: 'c2' };
    expect(lastUnsent([waiting, later], CONVERSATION_ID)).toBe(later);
    expect(lastUnsent([waiting, { ...later, state: 'sent' }], CONVERSATION_ID)).toBe(waiting);
    expect(lastUnsent([waiting], 'other')).toBeUndefined();
  });

  it('is not changed by an error on another frame', () => {
    const outbox = [waiting];
    expect(applyToOutbox(outbox, { type: 'error', code: 'bad_frame', message: '?' }, ME)).toBe(outbox);
  });
});

describe('undelivered messages', () => {
  it('are those of the conversation that it does not contain yet', () => {
    const elsewhere = { ...waiting, clientId: 'c2', conversationId: 'other' };
    expect(undelivered([waiting, elsewhere], CONVERSATION_ID, [message(1)], ME)).toEqual([waiting]);
    const arrived = message(1, { senderId: ME, clientId: 'c1' });
    expect(undelivered([waiting], CONVERSATION_ID, [arrived], ME)).toEqual([]);
    const anothers = message(1, { senderId: 'bob', clientId: 'c1' });
    expect(undelivered([waiting], CONVERSATION_ID, [anothers], ME)).toEqual([waiting]);
  });
});
