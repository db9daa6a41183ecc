// Made by `npm run types` from docs/contract. Do not edit.
export type ClientFrame = AuthFrame | SendMessage | MoveRead;

/**
 * Go on with this token, which must be the same user's. Any other closes the socket with 4401.
 */
export interface AuthFrame {
  type: "auth";
  token: string;
}
/**
 * Send a message. With the same `clientId` it is sent once, however often it is repeated.
 */
export interface SendMessage {
  type: "message";
  conversationId: string;
  text: string;
  /**
   * The client's own name for the message: sent again, it is the same message.
   */
  clientId?: string | null;
}
/**
 * All messages up to this seq are read.
 */
export interface MoveRead {
  type: "read";
  conversationId: string;
  /**
   * The `seq` of the last message read.
   */
  upTo: number;
}
export type ServerFrame =
  | AcceptedFrame
  | AuthenticatedFrame
  | ConversationFrame
  | CursorFrame
  | ErrorFrame
  | HelloFrame
  | MessageFrame
  | ReadFrame
  | ReconnectFrame
  | RejectedFrame
  | ResetFrame
  | SyncedFrame;

/**
 * The client's frame is in the log and will not be lost.
 */
export interface AcceptedFrame {
  type: "accepted";
  id: string;
  position: string;
  clientId?: string;
}
/**
 * The answer to `auth`: the socket goes on with the new token.
 */
export interface AuthenticatedFrame {
  type: "authenticated";
  /**
   * The socket is closed with 4401 then, unless a newer token was sent; absent: it does not expire.
   */
  expiresAt?: string;
}
/**
 * A conversation, new or changed.
 */
export interface ConversationFrame {
  conversationId: string;
  kind: "direct" | "group";
  title: string | null;
  /**
   * In join order, the first 100.
   */
  members: string[];
  memberCount: number;
  createdAt: string;
  updatedAt: string;
  /**
   * Grows with every change: drop what is not above the version that you hold.
   */
  version: number;
  type: "conversation";
}
/**
 * Everything up to this cursor was sent before this frame; reconnect with it. Sent at least every
 * `heartbeatSeconds`. Null while it is not known: keep the last one.
 */
export interface CursorFrame {
  type: "cursor";
  cursor: string | null;
}
/**
 * The client's frame was refused; the connection stays open.
 */
export interface ErrorFrame {
  type: "error";
  /**
   * `bad_frame`: not a JSON object with a known `type`. `too_big`: above 64 KiB. `invalid`: a field breaks
   * a rule. `not_found`: no such conversation, or the caller is not a member of it. `unavailable`: not
   * confirmed; send it again with the same `clientId`. `too_many`: more frames than a user may send; send it
   * again after `afterMs`, with the same `clientId`. `cursor_invalid`: the `cursor` of the connection's URL is
   * malformed. Later releases may add codes.
   */
  code: string;
  message: string;
  clientId?: string;
  /**
   * With `too_many`: milliseconds to wait.
   */
  afterMs?: number;
}
/**
 * The first frame: every entry from here on is sent on this connection.
 */
export interface HelloFrame {
  type: "hello";
  userId: string;
  cursor: string | null;
  heartbeatSeconds: number;
}
/**
 * A message.
 */
export interface MessageFrame {
  id: string;
  conversationId: string;
  /**
   * Dense number inside the conversation: 1, 2, 3 …, no gaps.
   */
  seq: number;
  senderId: string;
  text: string;
  createdAt: string;
  /**
   * Grows with every change: drop what is not above the version that you hold.
   */
  version: number;
  clientId?: string;
  /**
   * Of another's message: I have read it. Of mine: every other member to whom it is visible has. It moves
   * without `version`: live it is announced by `read` frames, and by messages, since who writes has read what
   * is before; a later answer is right about it.
   */
  isRead: boolean;
  type: "message";
}
/**
 * A member has read up to a message.
 */
export interface ReadFrame {
  conversationId: string;
  userId: string;
  upTo: number;
  /**
   * Grows with every change: drop what is not above the version that you hold.
   */
  version: number;
  type: "read";
}
/**
 * This connection is about to close: reconnect after `afterMs` milliseconds.
 */
export interface ReconnectFrame {
  type: "reconnect";
  afterMs: number;
}
/**
 * What was accepted could not be done.
 */
export interface RejectedFrame {
  conversationId: string;
  /**
   * The message id that was promised by `accepted`; for other events the event's id.
   */
  id: string;
  clientId?: string;
  /**
   * `not_found`, `group_full`, `not_a_group`; later ones may come.
   */
  reason: string;
  type: "rejected";
}
/**
 * The client's cursor cannot be resumed from: fetch the conversations again and continue with their
 * cursor.
 */
export interface ResetFrame {
  type: "reset";
  /**
   * `of_another_user`, `of_another_log`, `beyond_the_log`, `cursor_unusable`; `unknown`: entries were
   * skipped before this connection had a cursor. Later releases may add reasons.
   */
  reason: string;
}
/**
 * Everything missed since the client's cursor has been sent. After `reset`, or an `error` about the
 * cursor, nothing was: fetch the conversations again.
 */
export interface SyncedFrame {
  type: "synced";
  cursor: string | null;
}
