import { useEffect, useRef, useState } from 'react';
import { useStore } from '../store/useStore';
import type { Conversation } from '../types/chat';
import type { Chat } from './useChat';
import { useVisible } from './useVisible';

/**
 * Tells the server what has been read: all up to `seen`, the newest message while it is in view, while the tab
 * is visible. What arrived since may not be in view yet.
 */
export function useReading(
  { id, readSeq }: Conversation,
  seen: number | null,
  { isConnected, markRead }: Chat,
) {
  const isVisible = useVisible();
  const isReading = isVisible && seen !== null;
  const setReading = useStore((store) => store.setReading);

  useEffect(() => {
    if (isVisible && isConnected && seen !== null && seen > readSeq) markRead(id, seen);
  }, [id, isVisible, isConnected, seen, readSeq, markRead]);

  useEffect(() => {
    setReading(isReading ? id : null);
    return () => setReading(null);
  }, [id, isReading, setReading]);

  return isReading;
}

/**
 * The seq after which all was new when it was last looked at, for the "New messages" line. It stays where it
 * is while one reads, and goes when one answers.
 */
export function useNewSince(
  { readSeq, lastSeq, lastMessage }: Conversation,
  meId: string,
  isReading: boolean,
) {
  const [since, setSince] = useState(() => (lastSeq > readSeq ? readSeq : null));
  const wasUnread = useRef(lastSeq > readSeq);
  const isUnread = lastSeq > readSeq;
  const isMine = lastMessage?.senderId === meId;

  useEffect(() => {
    if (isMine) setSince(null);
    else if (isUnread && !wasUnread.current && !isReading) setSince(readSeq);
    wasUnread.current = isUnread;
  }, [isMine, isUnread, isReading, readSeq]);

  return since;
}
