import { requestedDelayMs, backoffMs, shouldReconnect } from './reconnectPolicy';
import type { ClientFrame, ServerFrame } from '../types/chat';
import { WS_URL } from './apiClient';
import type { Credentials } from './credentials';

const OPEN_TIMEOUT_MS = 10_000;
/** The chat's sub-protocol; the one with the token after it is never selected. */
const PROTOCOL = 'parley.v1';
const UNAUTHENTICATED = 4401;

/**
 * `connected`: `synced` was received; `refused`: the server closed with a code after which it would refuse
 * again.
 */
export type SocketState = 'connecting' | 'connected' | 'refused';

interface Options {
  /** The signed-in user. */
  userId: string;
  credentials: Credentials;
  /** Cursor of the oldest snapshot on screen. Reconnections use the last `synced` or `cursor` frame's. */
  cursor: string;
  /** Called synchronously for every frame, in order. */
  onFrame: (frame: ServerFrame) => void;
  onState: (state: SocketState) => void;
}

/**
 * The chat's WebSocket connection. Resumes from a cursor, so no frame is missed. Reconnects after a close,
 * when the server requests it, after two heartbeats of silence, when the network changes, and when a
 * disconnected page becomes visible.
 */
export class ChatSocket {
  readonly #options: Options;
  #cursor: string | null;
  #socket: WebSocket | undefined;
  #state: SocketState = 'connecting';
  #attempt = 0;
  /** The token of the last handshake or `auth` frame. */
  #token: string | undefined;
  /** Whether the token was renewed since the last successful handshake. */
  #isRenewed = false;
  #stopRenewals: (() => void) | undefined;
  /** Delay requested by a `reconnect` frame. */
  #requestedDelayMs: number | undefined;
  /** Two heartbeat intervals of the last `hello` frame. */
  #silenceTimeoutMs = 30_000;
  /** The next reconnection: after a close, or when this connection stays unopened or silent for too long. */
  #timer: number | undefined;

  constructor(options: Options) {
    this.#options = options;
    this.#cursor = options.cursor;
  }

  start(): void {
    window.addEventListener('online', this.#connect);
    window.addEventListener('offline', this.#connect);
    document.addEventListener('visibilitychange', this.#onVisibilityChange);
    this.#stopRenewals = this.#options.credentials.onRenewed(this.#authenticate);
    this.#connect();
  }

  stop(): void {
    window.removeEventListener('online', this.#connect);
    window.removeEventListener('offline', this.#connect);
    document.removeEventListener('visibilitychange', this.#onVisibilityChange);
    this.#stopRenewals?.();
    this.#stopRenewals = undefined;
    this.#disconnect();
  }

  /** Drops the frame when no connection is open. */
  send(frame: ClientFrame): void {
    if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(frame));
  }

  #connect = (): void => {
    this.#disconnect();
    const socket = this.#open();
    this.#socket = socket;
    this.#connectAfter(OPEN_TIMEOUT_MS);
    socket.onopen = () => this.#connectAfter(this.#silenceTimeoutMs);
    socket.onmessage = ({ data }: MessageEvent<string>) => this.#receive(JSON.parse(data) as ServerFrame);
    socket.onclose = ({ code, reason }) => this.#onClose(code, reason);
  };

  /** A secret token travels in a sub-protocol: unlike addresses, these are not logged. */
  #open(): WebSocket {
    const { isDev, token = '' } = this.#options.credentials;
    this.#token = token;
    const query = new URLSearchParams(isDev ? { token } : {});
    if (this.#cursor) query.set('cursor', this.#cursor);
    const url = `${WS_URL}?${query}`;
    return isDev ? new WebSocket(url) : new WebSocket(url, [PROTOCOL, `bearer.${token}`]);
  }

  /** Extends the open connection by a renewed token. */
  #authenticate = (token: string): void => {
    if (this.#socket?.readyState !== 1) return;
    this.#token = token;
    this.send({ type: 'auth', token });
  };

  #onVisibilityChange = (): void => {
    if (document.visibilityState === 'visible' && this.#state !== 'connected') this.#connect();
  };

  #receive(frame: ServerFrame): void {
    if (frame.type === 'hello') {
      if (frame.userId !== this.#options.userId) return this.#refuse();
      this.#isRenewed = false;
      this.#silenceTimeoutMs = 2_000 * frame.heartbeatSeconds;
    }
    if (frame.type === 'reconnect') this.#requestedDelayMs = frame.afterMs;
    if (invalidatesCursor(frame)) this.#cursor = null;
    this.#connectAfter(this.#silenceTimeoutMs);
    if (frame.type === 'synced') {
      this.#attempt = 0;
      this.#setState('connected');
    }
    this.#options.onFrame(frame);
    // After onFrame: resuming from a cursor whose frames were not applied would lose them.
    if (frame.type === 'synced' || frame.type === 'cursor') this.#cursor = frame.cursor ?? this.#cursor;
  }

  #onClose(code: number, reason: string): void {
    this.#disconnect();
    if (code === UNAUTHENTICATED) return void this.#renew();
    if (!shouldReconnect(code)) return this.#setState('refused');
    const delay =
      requestedDelayMs(reason) ?? this.#requestedDelayMs ?? backoffMs(this.#attempt++, Math.random());
    this.#requestedDelayMs = undefined;
    this.#connectAfter(delay);
  }

  /** Connects with a renewed token, if there is one and it was not renewed just before. */
  async #renew(): Promise<void> {
    if (this.#isRenewed) return this.#refuse();
    const canConnect = await this.#options.credentials.renew(this.#token);
    if (this.#stopRenewals === undefined) return;
    if (!canConnect) return this.#setState('refused');
    this.#isRenewed = true;
    this.#connect();
  }

  #refuse(): void {
    this.#disconnect();
    this.#setState('refused');
    this.#options.credentials.reject();
  }

  /** Closes the connection and detaches its handlers. */
  #disconnect(): void {
    window.clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
    this.#setState('connecting');
  }

  #connectAfter(ms: number): void {
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(this.#connect, ms);
  }

  #setState(state: SocketState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#options.onState(state);
  }
}

/** Whether a frame rejects the cursor of the connection, so that everything must be fetched again. */
export function invalidatesCursor(frame: ServerFrame): boolean {
  return frame.type === 'reset' || (frame.type === 'error' && frame.code === 'cursor_invalid');
}
