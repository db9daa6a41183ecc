import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useLayoutEffect } from 'react';
import { isTransient } from './api/apiClient';
import { ErrorFallback } from './components/ui/ErrorFallback';
import { ErrorBoundary } from './components/ui/ErrorBoundary';
import { Messages } from './pages/Messages';
import { SignIn } from './pages/SignIn';
import { Welcome } from './pages/Welcome';
import { useSession } from './store/useSession';
import { useStore } from './store/useStore';

const RETRY_INTERVAL = 5_000;

/**
 * Sends requests even when the browser reports itself offline, and retries transient failures every 5
 * seconds.
 */
const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      networkMode: 'always',
      retry: (failures, error) => failures < 2 && isTransient(error),
      refetchInterval: ({ state }) => (isTransientFailure(state) ? RETRY_INTERVAL : false),
    },
    mutations: { networkMode: 'always' },
  },
});

function isTransientFailure({ status, error }: { status: string; error: unknown }): boolean {
  return status === 'error' && isTransient(error);
}

export function App() {
  const theme = useStore((store) => store.theme);
  useLayoutEffect(() => {
    document.documentElement.dataset['theme'] = theme;
  }, [theme]);

  return (
    <QueryClientProvider client={queryClient}>
      <ErrorBoundary fallback={<ErrorFallback />}>
        <Page />
      </ErrorBoundary>
    </QueryClientProvider>
  );
}

/** The chat, or the way to sign in. */
function Page() {
  const user = useStore((store) => store.user);
  const session = useSession();
  if (user) return <Messages key={user.id} user={user} />;
  return session.status === 'dev' ? <Welcome /> : <SignIn session={session} />;
}
