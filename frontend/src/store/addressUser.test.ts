import { waitFor } from '@testing-library/react';
import { expect, it } from 'vitest';
import { followAddress, switchUser } from './addressUser';
import { useStore } from './useStore';

it('the user follows the address when going back over a switch of users', async () => {
  followAddress();
  switchUser({ id: 'ann' });
  window.history.pushState(null, '', `${window.location.href}#talk`);
  switchUser({ id: 'bob' });
  window.history.back();
  await waitFor(() => expect(window.location.search).toBe('?user=ann'));
  expect(useStore.getState().user).toEqual({ id: 'ann' });
});
