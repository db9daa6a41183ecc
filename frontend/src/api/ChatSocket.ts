import { requestedDelayMs, backoffMs, shouldReconnect } from './reconnectPolicy';
import type { ClientFrame, ServerFrame } from '../types/chat';
import { WS_URL } from './apiClient';

const OPEN_TIMEOUT_MS = 10_000;

/** `connected` when all that was missed has arrived; `refused` when to dial again would be of no use. */
export type SocketState = 'connecting' | 'connected' | 'refused';

interface Options {
  token: string;
  /** The cursor of the oldest snapshot that is shown. Later dials use that of the last `synced` or `cursor`. */
  cursor: string;
  /** Called for every frame, in order. */
  onFrame: (frame: ServerFrame) => void;
  onState: (state: SocketState) => void;
}

/**
 * The chat's WebSocket. It resumes by cursor, so nothing is missed; dials again after a loss, when the server
 * asks for it, after two silent heartbeats, when the network changes, and when the page is looked at.
 */
export class ChatSocket {
  readonly #options: Options;
  #cursor: string | null;
  #socket: WebSocket | undefined;
  #state: SocketState = 'connecting';
  #attempt = 0;
  /** What a `reconnect` frame asked for, in milliseconds. */
  #requestedDelayMs: number | undefined;
  /** In milliseconds; the `hello` frame says how long. */
  #silenceTimeoutMs = 30_000;
  /** The next dial: after a loss, or when this connection neither opens nor says anything. */
  #timer: number | undefined;

  constructor(options: Options) {
    this.#options = options;
    this.#cursor = options.cursor;
  }

  start(): void {
    window.addEventListener('online', this.#connect);
    window.addEventListener('offline', this.#connect);
    document.addEventListener('visibilitychange', this.#onVisibilityChange);
    this.#connect();
  }

  stop(): void {
    window.removeEventListener('online', this.#connect);
    window.removeEventListener('offline', this.#connect);
    document.removeEventListener('visibilitychange', this.#onVisibilityChange);
    this.#disconnect();
  }

  /** Loses the frame when there is no open connection. */
  send(frame: ClientFrame): void {
    if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(frame));
  }

  #connect = (): void => {
    this.#disconnect();
    const query = new URLSearchParams({ token: this.#options.token });
    if (this.#cursor) query.set('cursor', this.#cursor);
    const socket = new WebSocket(`${WS_URL}?${query}`);
    this.#socket = socket;
    this.#connectAfter(OPEN_TIMEOUT_MS);
    socket.onopen = () => this.#connectAfter(this.#silenceTimeoutMs);
    socket.onmessage = ({ data }: MessageEvent<string>) => this.#receive(JSON.parse(data) as ServerFrame);
    socket.onclose = ({ code, reason }) => this.#onClose(code, reason);
  };

  #onVisibilityChange = (): void => {
    if (document.visibilityState === 'visible' && this.#state !== 'connected') this.#connect();
  };

  #receive(frame: ServerFrame): void {
    if (frame.type === 'hello') this.#silenceTimeoutMs = 2_000 * frame.heartbeatSeconds;
    if (frame.type === 'reconnect') this.#requestedDelayMs = frame.afterMs;
    if (invalidatesCursor(frame)) this.#cursor = null;
    this.#connectAfter(this.#silenceTimeoutMs);
    if (frame.type === 'synced') {
      this.#attempt = 0;
      this.#setState('connected');
    }
    this.#options.onFrame(frame);
    // Not before all frames up to it are applied.
    if (frame.type === 'synced' || frame.type === 'cursor') this.#cursor = frame.cursor ?? this.#cursor;
  }

  #onClose(code: number, reason: string): void {
    this.#disconnect();
    if (!shouldReconnect(code)) {
      this.#setState('refused');
      return;
    }
    const delay =
      requestedDelayMs(reason) ?? this.#requestedDelayMs ?? backoffMs(this.#attempt++, Math.random());
    this.#requestedDelayMs = undefined;
    this.#connectAfter(delay);
  }

  /** Forgets the connection; nothing of it arrives any more. */
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

/** Whether the cursor that was given is of no use. */
export function invalidatesCursor(frame: ServerFrame): boolean {
  return frame.type === 'reset' || (frame.type === 'error' && frame.code === 'cursor_invalid');
}
