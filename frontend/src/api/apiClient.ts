import axios, { isAxiosError } from 'axios';
import { useStore } from '../store/useStore';

/** The gateway's `AUTH` mode. With `dev` anyone can act as any user. */
export const AUTH: string = import.meta.env['VITE_AUTH'] ?? 'dev';

/** The path under which this page is served; it ends with a slash. A reverse proxy may have added a prefix. */
export const BASE_PATH = new URL('./', window.location.href).pathname;

/** Client of all REST calls; adds the current user's bearer token. */
export const apiClient = axios.create({ baseURL: BASE_PATH, timeout: 15_000 });

apiClient.interceptors.request.use((config) => {
  const user = useStore.getState().user;
  // Headers hold ASCII only; other user ids travel in the `meId` parameter alone.
  if (user && /^[\x21-\x7e]+$/.test(user.id)) config.headers.set('Authorization', `Bearer ${user.id}`);
  return config;
});

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
