import { useEffect, useEffectEvent, useRef } from 'react';
import { useStore } from '../store/useStore';
import type { Conversation } from '../types/chat';
import type { Chat } from './useChat';
import { useIsPageActive } from './browser/useIsPageActive';

/** Minimum time between two read receipts while scrolling. */
const MARK_INTERVAL_MS = 400;

/**
 * Marks messages as read up to `visibleSeq`, the last message fully in view, while the page is active.
 * Returns whether the user is reading at the end of the conversation, which then shows no unread count.
 */
export function useReadReceipts(
  { id, readSeq }: Conversation,
  visibleSeq: number | undefined,
  isAtEnd: boolean,
  { isConnected, markRead }: Pick<Chat, 'isConnected' | 'markRead'>,
) {
  const isVisible = useIsPageActive();
  const isReading = isVisible && isAtEnd;
  const setReading = useStore((store) => store.setReading);
  const lastMark = useRef({ seq: 0, at: -Infinity });

  const isDue = isVisible && isConnected && visibleSeq !== undefined && visibleSeq > readSeq;
  const mark = useEffectEvent(() => {
    if (!isDue) return;
    lastMark.current = { seq: visibleSeq, at: performance.now() };
    markRead(id, visibleSeq);
  });
  useEffect(() => {
    if (!isDue) return undefined;
    const delay = lastMark.current.at + MARK_INTERVAL_MS - performance.now();
    if (delay <= 0) mark();
    const timer = delay > 0 ? window.setTimeout(mark, delay) : undefined;
    return () => window.clearTimeout(timer);
  }, [id, isDue, visibleSeq]);
  const markOnUnmount = useEffectEvent(() => {
    if (visibleSeq !== undefined && visibleSeq > lastMark.current.seq) mark();
  });
  useEffect(() => () => markOnUnmount(), []);

  useEffect(() => {
    setReading(isReading ? id : null);
    return () => setReading(null);
  }, [id, isReading, setReading]);

  return isReading;
}
