import { useState } from 'react';
import type { Conversation } from '../types/chat';

/**
 * The seq above the "New messages" divider, or null. The divider stays while the user reads, and disappears
 * when they reply.
 */
export function useUnreadDivider(
  { readSeq, lastSeq, lastMessage }: Conversation,
  meId: string,
  isReading: boolean,
) {
  const isUnread = lastSeq > readSeq;
  const [previous, setPrevious] = useState(() => ({ dividerSeq: isUnread ? readSeq : null, isUnread }));
  let { dividerSeq } = previous;
  if (lastMessage?.senderId === meId) dividerSeq = null;
  else if (isUnread && !previous.isUnread && !isReading) dividerSeq = readSeq;
  if (dividerSeq !== previous.dividerSeq || isUnread !== previous.isUnread)
    setPrevious({ dividerSeq, isUnread });
  return dividerSeq;
}
