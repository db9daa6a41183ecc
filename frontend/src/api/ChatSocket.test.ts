import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeSocket } from '../test/FakeSocket';
import type { ServerFrame } from '../types/chat';
import { ChatSocket } from './ChatSocket';
import { credentials, type Credentials } from './credentials';

beforeEach(() => FakeSocket.install());
afterEach(() => vi.unstubAllGlobals());

it('moves its cursor only after the frames before it are applied', () => {
  const onFrame = vi.fn<(frame: ServerFrame) => void>();
  const socket = new ChatSocket({
    userId: 'ann',
    credentials: credentials(),
    cursor: 'first',
    onFrame,
    onState: () => {},
  });
  socket.start();
  FakeSocket.last.greet('second');
  onFrame.mockImplementation(() => {
    throw new Error('not applied');
  });
  expect(() => FakeSocket.last.receive({ type: 'cursor', cursor: 'third' })).toThrow('not applied');
  window.dispatchEvent(new Event('online'));
  expect(FakeSocket.last.cursor).toBe('second');
  socket.stop();
});

const reconnected = () => vi.waitFor(() => expect(FakeSocket.all).toHaveLength(2));

describe('with an access token', () => {
  const tokens = { token: 'jwt-1' };
  const renew = vi.fn<Credentials['renew']>();
  const [reject, onState] = [vi.fn(), vi.fn()];
  let publishRenewal!: (token: string) => void;
  let socket: ChatSocket;

  beforeEach(() => {
    vi.clearAllMocks();
    tokens.token = 'jwt-1';
    const jwt: Credentials = {
      isDev: false,
      get token() {
        return tokens.token;
      },
      renew,
      reject,
      onRenewed: (listener) => {
        publishRenewal = listener;
        return () => {};
      },
    };
    socket = new ChatSocket({ userId: 'ann', credentials: jwt, cursor: 'first', onFrame: vi.fn(), onState });
    socket.start();
  });
  afterEach(() => socket.stop());

  const renewTo = (token: string) =>
    renew.mockImplementationOnce(async () => {
      tokens.token = token;
      return true;
    });

  it('the token is a sub-protocol and not part of the address', () => {
    expect(FakeSocket.last.protocols).toEqual(['parley.v1', 'bearer.jwt-1']);
    expect(FakeSocket.last.url).not.toContain('jwt-1');
    expect(FakeSocket.last.cursor).toBe('first');
  });

  it('a renewed token extends the open connection', () => {
    FakeSocket.last.greet();
    publishRenewal('jwt-2');
    expect(FakeSocket.last.sent).toEqual([{ type: 'auth', token: 'jwt-2' }]);
    expect(FakeSocket.all).toHaveLength(1);
  });

  it('a rejected token is renewed, and the connection made again', async () => {
    FakeSocket.last.greet();
    renewTo('jwt-2');
    FakeSocket.last.closeFromServer(4401);
    await reconnected();
    expect(renew.mock.calls).toEqual([['jwt-1']]);
    expect(FakeSocket.last.protocols).toContain('bearer.jwt-2');
    expect(reject).not.toHaveBeenCalled();
  });

  it('a token that is rejected after renewal ends the session', async () => {
    renewTo('jwt-2');
    FakeSocket.last.closeFromServer(4401);
    await reconnected();
    FakeSocket.last.closeFromServer(4401);
    await vi.waitFor(() => expect(reject).toHaveBeenCalledTimes(1));
    expect(renew).toHaveBeenCalledTimes(1);
    expect(onState).toHaveBeenLastCalledWith('refused');
  });

  it('a renewal that ends after the socket was stopped connects nothing', async () => {
    let finish!: (canConnect: boolean) => void;
    const renewal = new Promise<boolean>((resolve) => (finish = resolve));
    renew.mockReturnValueOnce(renewal);
    FakeSocket.last.closeFromServer(4401);
    socket.stop();
    finish(true);
    await renewal;
    expect(FakeSocket.all).toHaveLength(1);
  });

  it('a connection in the name of another user is refused before anything is sent', () => {
    FakeSocket.last.open();
    FakeSocket.last.receive({ type: 'hello', userId: 'bob', cursor: 'c', heartbeatSeconds: 15 });
    expect(reject).toHaveBeenCalledTimes(1);
    expect(FakeSocket.last.sent).toEqual([]);
    expect(onState.mock.calls.flat()).toEqual(['refused']);
  });
});
