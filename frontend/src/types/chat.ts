/** Generated types of the contract, under the names used by the client. */
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

/** Frames of the socket. Unknown types from a newer server are ignored. */
export type { ServerFrame } from './generated/frames';
export type ClientFrame = frames.ClientFrame | { type: 'auth'; token: string };

export interface User {
  id: string;
}
