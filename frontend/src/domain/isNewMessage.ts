import type { MessageFrame, ServerFrame } from '../types/chat';
import type { ConversationList } from './conversations';

/**
 * Whether a frame brings a message of someone else that `list`, as it was before it, does not know of. A socket
 * that resumes repeats what it had already brought.
 */
export function isNewMessage(
  list: ConversationList | undefined,
  frame: ServerFrame,
  meId: string,
): frame is MessageFrame {
  if (frame.type !== 'message' || frame.senderId === meId) return false;
  const conversation = list?.items.find(({ id }) => id === frame.conversationId);
  return conversation === undefined || frame.seq > conversation.lastSeq;
}
