import type { MessageFrame, ServerFrame } from '../types/chat';

/**
 * Returns a predicate for all frames of one tab, in order: whether a frame is a message of another user that no
 * earlier frame contained. A resumed connection may repeat frames. The fetched conversation list does not
 * matter: a refetch can contain a message before its frame arrives.
 */
export function createNewMessageFilter(meId: string): (frame: ServerFrame) => frame is MessageFrame {
  const lastSeqs = new Map<string, number>();
  return (frame): frame is MessageFrame => {
    if (frame.type !== 'message') return false;
    const { conversationId, senderId, seq } = frame;
    if (seq <= (lastSeqs.get(conversationId) ?? 0)) return false;
    lastSeqs.set(conversationId, seq);
    return senderId !== meId;
  };
}
