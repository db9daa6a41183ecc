import axios, { isAxiosError, type AxiosError, type InternalAxiosRequestConfig } from 'axios';
import { credentials } from './credentials';

/** The path under which this page is served; it ends with a slash. A reverse proxy may have added a prefix. */
export const BASE_PATH = new URL('./', window.location.href).pathname;

/** Client of all REST calls; adds the current user's bearer token. */
export const apiClient = axios.create({ baseURL: BASE_PATH, timeout: 15_000 });

interface Request extends InternalAxiosRequestConfig {
  /** The token that it was sent with. */
  token?: string;
  isRepeated?: boolean;
}

apiClient.interceptors.request.use((config: Request) => {
  const { token } = credentials();
  // Headers hold ASCII only; other user ids of `AUTH=dev` travel in the `meId` parameter alone.
  if (token && /^[\x21-\x7e]+$/.test(token)) config.headers.set('Authorization', `Bearer ${token}`);
  return { ...config, token };
});

/** Renews a rejected token and repeats the call, once. */
apiClient.interceptors.response.use(undefined, async (error: AxiosError) => {
  const request = error.config as Request | undefined;
  if (error.response?.status !== 401 || request?.token === undefined) throw error;
  if (request.isRepeated) credentials().reject();
  else if (await credentials().renew(request.token))
    return apiClient({ ...request, isRepeated: true } as Request);
  throw error;
});

/** The parameter that names the user, for gateways that trust it. */
export function userParam(meId: string): { meId?: string } {
  return credentials().isDev ? { meId } : {};
}

const { protocol, host } = window.location;
export const WS_URL = `${protocol === 'https:' ? 'wss' : 'ws'}://${host}${BASE_PATH}ws`;

/** Whether retrying the same call can succeed: no response, 429 or 5xx. */
export function isTransient(error: unknown): boolean {
  const status = isAxiosError(error) ? error.response?.status : undefined;
  return status === undefined || status === 429 || status >= 500;
}

/** The `code` of the problem document in an error response, or an empty string. */
export function problemCode(error: unknown): string {
  const problem: unknown = isAxiosError(error) ? error.response?.data : undefined;
  const code = typeof problem === 'object' && problem !== null && 'code' in problem ? problem.code : '';
  return typeof code === 'string' ? code : '';
}
