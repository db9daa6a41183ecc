import { vi } from 'vitest';
import type { ClientFrame, ServerFrame } from '../types/chat';

/** Fake of the browser's WebSocket; the test plays the server. */
export class FakeSocket extends EventTarget {
  static readonly all: FakeSocket[] = [];

  readyState = 0;
  readonly sent: ClientFrame[] = [];
  onopen: ((event: Event) => void) | null = null;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  onerror: ((event: Event) => void) | null = null;

  constructor(
    readonly url: string,
    readonly protocols: readonly string[] = [],
  ) {
    super();
    FakeSocket.all.push(this);
  }

  /** Replaces the global WebSocket. */
  static install(): void {
    FakeSocket.all.length = 0;
    vi.stubGlobal('WebSocket', FakeSocket);
  }

  static get last(): FakeSocket {
    const last = FakeSocket.all.at(-1);
    if (!last) throw new Error('no socket was created');
    return last;
  }

  get cursor(): string | null {
    return new URL(this.url).searchParams.get('cursor');
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as ClientFrame);
  }

  close(): void {
    if (this.readyState < 2) this.closeFromServer(1005);
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.(new Event('open'));
  }

  receive(...frames: ServerFrame[]): void {
    for (const frame of frames) {
      this.onmessage?.(new MessageEvent('message', { data: JSON.stringify(frame) }));
    }
  }

  /** Opens, and sends `hello` and `synced` without missed frames. */
  greet(cursor = 'live-cursor'): void {
    this.open();
    this.receive({ type: 'hello', userId: 'ann', cursor, heartbeatSeconds: 15 }, { type: 'synced', cursor });
  }

  closeFromServer(code: number, reason = ''): void {
    this.readyState = 3;
    this.onclose?.(new CloseEvent('close', { code, reason }));
  }
}
