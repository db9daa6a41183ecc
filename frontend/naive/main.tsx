import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Messages } from './Messages';
import { useStore } from './useStore';

useStore.getState().setUser({ id: new URLSearchParams(window.location.search).get('user') ?? 'ann' });

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={new QueryClient()}>
      <Messages />
    </QueryClientProvider>
  </StrictMode>,
);
