export type { Conversation, ConversationPage, Message, MessagePage } from '../src/types/generated/openapi';
export type { MessageFrame, SendMessage, ServerFrame } from '../src/types/generated/frames';
