import type { MessageFrame, ServerFrame } from '../types/chat';
import type { ConversationList } from './conversations';

/**
 * Whether a frame is a message of another user that `list`, from before the frame, does not contain. A
 * resumed connection may repeat frames.
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
