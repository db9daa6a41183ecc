/** The backend's own types, under the names that the client uses. All of them are generated. */
import type * as frames from './generated/frames';
import type { components } from './generated/openapi';

type Schemas = components['schemas'];

export type Message = Schemas['Message'];
export type Conversation = Schemas['Conversation'];
export type MessagePage = Schemas['MessagePage'];
export type ConversationPage = Schemas['ConversationPage'];

export type MessageFrame = frames.MessageFrame;
export type ReadFrame = frames.ReadFrame;
export type ConversationFrame = frames.ConversationFrame;

/** What goes over the socket. A later server may say more: what is not known is ignored. */
export type { ClientFrame, ServerFrame } from './generated/frames';

export interface User {
  id: string;
}
