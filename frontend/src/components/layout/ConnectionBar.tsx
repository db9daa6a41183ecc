import { LoaderCircle } from 'lucide-react';
import { useState } from 'react';
import { isTransient } from '../../api/apiClient';
import type { Chat } from '../../hooks/useChat';
import { useConversations } from '../../hooks/useConversations';
import { strings } from '../../lib/strings';
import { useStore } from '../../store/useStore';
import { Button } from '../ui/Button';
import styles from './ConnectionBar.module.css';

/**
 * Shows a lost connection, after a short delay (in the CSS). Overlays the page. Empty while the conversation list
 * reports that it cannot be loaded for this user.
 */
export function ConnectionBar({ isConnected, isRefused }: Pick<Chat, 'isConnected' | 'isRefused'>) {
  const setUser = useStore((store) => store.setUser);
  const { error, isLoadingError } = useConversations();
  const isListRefused = isLoadingError && !isTransient(error);
  const [wasConnected, setWasConnected] = useState(isConnected);
  if (isConnected && !wasConnected) setWasConnected(true);
  return (
    <div className={styles['region']} role="status" aria-label={strings.connection.label}>
      {isRefused && (
        <p className={styles['bar']}>
          {strings.notSignedIn}
          <Button isQuiet className={styles['button']} onClick={() => setUser(null)}>
            {strings.switchUser}
          </Button>
        </p>
      )}
      {!isConnected && !isRefused && !isListRefused && (
        <p className={styles['bar']}>
          <LoaderCircle size={14} className={styles['spinner']} aria-hidden="true" />
          {wasConnected ? strings.connection.reconnecting : strings.connection.connecting}
        </p>
      )}
    </div>
  );
}
