import { useState } from 'react';
import type { Conversation } from '../types/chat';

/**
 * The seq after which all was new when it was last looked at, for the "New messages" line. It stays where it
 * is while one reads, and goes when one answers.
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
