/**
 * With `AUTH=dev` the user is kept in the address, `?user=ann`, so that each tab can have its own and keep it on
 * reload.
 */
import type { User } from '../types/chat';
import { useStore } from './useStore';

function userFromAddress(): User | null {
  const id = new URLSearchParams(window.location.search).get('user');
  return id ? { id } : null;
}

function readUser(): void {
  const user = userFromAddress();
  if (user?.id !== useStore.getState().user?.id) useStore.setState({ user });
}

/** Signs in the user of the address, now and after each change: browser history can cross a switch of users. */
export function followAddress(): void {
  readUser();
  window.addEventListener('popstate', readUser);
}

export function switchUser(user: User | null): void {
  const search = user ? `?${new URLSearchParams({ user: user.id })}` : '';
  window.history.replaceState(null, '', window.location.pathname + search);
  useStore.setState({ user });
}
