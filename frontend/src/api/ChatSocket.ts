import { askedDelay, backOff, mayReturn } from './reconnect';
import type { ClientFrame, ServerFrame } from '../types/chat';
import { WS_URL } from './apiClient';

const OPEN_TIMEOUT = 10_000;

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
  #delay: number | undefined;
  /** In milliseconds; the `hello` frame says how long. */
  #maxSilence = 30_000;
  /** The next dial: after a loss, or when this connection neither opens nor says anything. */
  #timer: number | undefined;

  constructor(options: Options) {
    this.#options = options;
    this.#cursor = options.cursor;
  }

  start(): void {
    window.addEventListener('online', this.#dial);
    window.addEventListener('offline', this.#dial);
    document.addEventListener('visibilitychange', this.#look);
    this.#dial();
  }

  stop(): void {
    window.removeEventListener('online', this.#dial);
    window.removeEventListener('offline', this.#dial);
    document.removeEventListener('visibilitychange', this.#look);
    this.#drop();
  }

  /** Loses the frame when there is no open connection. */
  send(frame: ClientFrame): void {
    if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(frame));
  }

  #dial = (): void => {
    this.#drop();
    const query = new URLSearchParams({ token: this.#options.token });
    if (this.#cursor) query.set('cursor', this.#cursor);
    const socket = new WebSocket(`${WS_URL}?${query}`);
    this.#socket = socket;
    this.#dialAfter(OPEN_TIMEOUT);
    socket.onopen = () => this.#dialAfter(this.#maxSilence);
    socket.onmessage = ({ data }: MessageEvent<string>) => this.#receive(JSON.parse(data) as ServerFrame);
    socket.onclose = ({ code, reason }) => this.#closed(code, reason);
  };

  #look = (): void => {
    if (document.visibilityState === 'visible' && this.#state !== 'connected') this.#dial();
  };

  #receive(frame: ServerFrame): void {
    if (frame.type === 'hello') this.#maxSilence = 2_000 * frame.heartbeatSeconds;
    if (frame.type === 'reconnect') this.#delay = frame.afterMs;
    if (isUseless(frame)) this.#cursor = null;
    this.#dialAfter(this.#maxSilence);
    if (frame.type === 'synced') {
      this.#attempt = 0;
      this.#setState('connected');
    }
    this.#options.onFrame(frame);
    // Not before all frames up to it are applied.
    if (frame.type === 'synced' || frame.type === 'cursor') this.#cursor = frame.cursor ?? this.#cursor;
  }

  #closed(code: number, reason: string): void {
    this.#drop();
    if (!mayReturn(code)) {
      this.#setState('refused');
      return;
    }
    const delay = askedDelay(reason) ?? this.#delay ?? backOff(this.#attempt++, Math.random());
    this.#delay = undefined;
    this.#dialAfter(delay);
  }

  /** Forgets the connection; nothing of it arrives any more. */
  #drop(): void {
    window.clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
    this.#setState('connecting');
  }

  #dialAfter(ms: number): void {
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(this.#dial, ms);
  }

  #setState(state: SocketState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#options.onState(state);
  }
}

/** Whether the cursor that was given is of no use. */
export function isUseless(frame: ServerFrame): boolean {
  return frame.type === 'reset' || (frame.type === 'error' && frame.code === 'cursor_invalid');
}
