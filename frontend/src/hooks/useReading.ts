import { useEffect, useEffectEvent, useRef, useState } from 'react';
import { useStore } from '../store/useStore';
import type { Conversation } from '../types/chat';
import type { Chat } from './useChat';
import { useVisible } from './browser/useVisible';

/** In milliseconds: the mark moves at most this often while one scrolls. */
const PAUSE = 400;

/**
 * Marks as read all up to `seen`, the last message that has been in view to its end, while the tab is visible.
 * Returns whether the reader is at the end: then the conversation shows nothing unread.
 */
export function useReading(
  { id, readSeq }: Conversation,
  seen: number | undefined,
  isAtEnd: boolean,
  { isConnected, markRead }: Pick<Chat, 'isConnected' | 'markRead'>,
) {
  const isVisible = useVisible();
  const isReading = isVisible && isAtEnd;
  const setReading = useStore((store) => store.setReading);
  const marked = useRef({ seq: 0, at: -Infinity });

  const isDue = isVisible && isConnected && seen !== undefined && seen > readSeq;
  const mark = useEffectEvent(() => {
    if (!isDue) return;
    marked.current = { seq: seen, at: performance.now() };
    markRead(id, seen);
  });
  useEffect(() => {
    if (!isDue) return undefined;
    const wait = marked.current.at + PAUSE - performance.now();
    if (wait <= 0) mark();
    const timer = wait > 0 ? window.setTimeout(mark, wait) : undefined;
    return () => window.clearTimeout(timer);
  }, [id, isDue, seen]);
  const leave = useEffectEvent(() => {
    if (seen !== undefined && seen > marked.current.seq) mark();
  });
  useEffect(() => () => leave(), []);

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
  const isUnread = lastSeq > readSeq;
  const [held, setHeld] = useState(() => ({ since: isUnread ? readSeq : null, isUnread }));
  let { since } = held;
  if (lastMessage?.senderId === meId) since = null;
  else if (isUnread && !held.isUnread && !isReading) since = readSeq;
  if (since !== held.since || isUnread !== held.isUnread) setHeld({ since, isUnread });
  return since;
}
