import axios, { isAxiosError } from 'axios';
import { useStore } from '../store/useStore';

/** How users sign in to the gateway that this build is for; with `dev` anyone can be any user. */
export const AUTH: string = import.meta.env['VITE_AUTH'] ?? 'dev';

/** Every REST call goes through here. The token is the user's at the time of the call. */
export const apiClient = axios.create({ timeout: 15_000 });

apiClient.interceptors.request.use((config) => {
  const user = useStore.getState().user;
  // A header holds bytes: an id beyond ASCII is told by `meId` alone.
  if (user && /^[\x21-\x7e]+$/.test(user.id)) config.headers.set('Authorization', `Bearer ${user.id}`);
  return config;
});

const { protocol, host } = window.location;
export const WS_URL = `${protocol === 'https:' ? 'wss' : 'ws'}://${host}/ws`;

/** Whether the same call may well succeed later. */
export function isTransient(error: unknown): boolean {
  const status = isAxiosError(error) ? error.response?.status : undefined;
  return status === undefined || status === 429 || status >= 500;
}

/** The `code` of the problem that the server answered with; empty where there is none. */
export function problemCode(error: unknown): string {
  const problem: unknown = isAxiosError(error) ? error.response?.data : undefined;
  const code = typeof problem === 'object' && problem !== null && 'code' in problem ? problem.code : '';
  return typeof code === 'string' ? code : '';
}
