import { AxiosError, type AxiosAdapter, type InternalAxiosRequestConfig } from 'axios';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { useStore } from '../store/useStore';
import { apiClient } from './apiClient';
import { chatService } from './chatService';
import { credentials, setCredentials, type Credentials } from './credentials';

const devCredentials = credentials();
const calls: InternalAxiosRequestConfig[] = [];
const answers: number[] = [];

/** Answers with the next status of `answers`, or 200. */
const adapter: AxiosAdapter = async (config) => {
  calls.push({ ...config, headers: config.headers.concat() });
  const response = { status: answers.shift() ?? 200, statusText: '', data: {}, headers: {}, config };
  if (response.status === 200) return response;
  throw new AxiosError('refused', undefined, config, {}, response);
};

const tokens = { token: 'jwt-1' };
const renew = vi.fn<Credentials['renew']>();
const reject = vi.fn();
const jwt: Credentials = {
  isDev: false,
  get token() {
    return tokens.token;
  },
  renew,
  reject,
  onRenewed: () => () => {},
};

beforeEach(() => {
  vi.clearAllMocks();
  calls.length = answers.length = 0;
  tokens.token = 'jwt-1';
  apiClient.defaults.adapter = adapter;
  setCredentials(jwt);
});
afterEach(() => setCredentials(devCredentials));

const sentTokens = () => calls.map(({ headers }) => headers.get('Authorization'));

it('an access token is the header of each call, whose address names no user', async () => {
  await chatService.getConversations('ann');
  await chatService.startConversation('ann', 'bob');
  expect(sentTokens()).toEqual(['Bearer jwt-1', 'Bearer jwt-1']);
  expect(calls.map(({ params }) => 'meId' in (params as object))).toEqual([false, false]);
});

it('with AUTH=dev each call names the user', async () => {
  setCredentials(devCredentials);
  useStore.setState({ user: { id: 'ann' } });
  await chatService.getConversations('ann');
  expect(sentTokens()).toEqual(['Bearer ann']);
  expect(calls[0]?.params).toMatchObject({ meId: 'ann' });
});

it('a rejected token is renewed and the same call repeated', async () => {
  answers.push(401);
  renew.mockImplementationOnce(async () => {
    tokens.token = 'jwt-2';
    return true;
  });
  await chatService.startConversation('ann', 'bob');
  expect(renew.mock.calls).toEqual([['jwt-1']]);
  expect(sentTokens()).toEqual(['Bearer jwt-1', 'Bearer jwt-2']);
  expect(calls.map(({ data }) => JSON.parse(String(data)) as unknown)).toEqual([
    { peerId: 'bob' },
    { peerId: 'bob' },
  ]);
});

it('a call that is refused with a renewed token, too, ends the session', async () => {
  answers.push(401, 401);
  renew.mockResolvedValueOnce(true);
  await expect(chatService.getConversations('ann')).rejects.toThrow('refused');
  expect(calls).toHaveLength(2);
  expect(reject).toHaveBeenCalledTimes(1);
});

it('a call whose token cannot be renewed fails', async () => {
  answers.push(401);
  renew.mockResolvedValueOnce(false);
  await expect(chatService.getConversations('ann')).rejects.toThrow('refused');
  expect(calls).toHaveLength(1);
  expect(reject).not.toHaveBeenCalled();
});
