import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useLayoutEffect } from 'react';
import { isTransient } from './api/apiClient';
import { Broken } from './components/Broken';
import { Guard } from './components/Guard';
import { Messages } from './pages/Messages';
import { Welcome } from './pages/Welcome';
import { useStore } from './store/useStore';

const queryClient = new QueryClient({
  defaultOptions: { queries: { retry: (failures, error) => failures < 2 && isTransient(error) } },
});

export function App() {
  const user = useStore((store) => store.user);
  const theme = useStore((store) => store.theme);
  useLayoutEffect(() => {
    document.documentElement.dataset['theme'] = theme;
  }, [theme]);

  return (
    <QueryClientProvider client={queryClient}>
      <Guard fallback={<Broken />}>{user ? <Messages key={user.id} user={user} /> : <Welcome />}</Guard>
    </QueryClientProvider>
  );
}
