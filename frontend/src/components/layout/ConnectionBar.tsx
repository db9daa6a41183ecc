import { LoaderCircle } from 'lucide-react';
import { useState } from 'react';
import { isTransient } from '../../api/apiClient';
import type { Chat } from '../../hooks/useChat';
import { useConversations } from '../../hooks/useConversations';
import { strings } from '../../lib/strings';
import { retryRenewal } from '../../session/session';
import { useSession } from '../../store/useSession';
import { Button } from '../ui/Button';
import { SignInAgainButton } from './SignInAgainButton';
import styles from './ConnectionBar.module.css';

/**
 * Shows a lost connection, after a short delay (in the CSS). Overlays the page. Empty while the conversation list
 * reports that it cannot be loaded for this user.
 */
export function ConnectionBar({ isConnected, isRefused }: Pick<Chat, 'isConnected' | 'isRefused'>) {
  const isIssuerAway = useSession((session) => session.status === 'signedIn' && session.isIssuerAway);
  const { error, isLoadingError } = useConversations();
  const isListRefused = isLoadingError && !isTransient(error);
  const [wasConnected, setWasConnected] = useState(isConnected);
  if (isConnected && !wasConnected) setWasConnected(true);
  return (
    <div className={styles['region']} role="status" aria-label={strings.connection.label}>
      {isRefused && (
        <p className={styles['bar']}>
          {strings.notSignedIn}
          <SignInAgainButton isQuiet className={styles['button']} />
        </p>
      )}
      {!isConnected && !isRefused && !isListRefused && (
        <p className={styles['bar']}>
          <LoaderCircle size={14} className={styles['spinner']} aria-hidden="true" />
          {isIssuerAway
            ? strings.connection.issuerAway
            : wasConnected
              ? strings.connection.reconnecting
              : strings.connection.connecting}
          {isIssuerAway && (
            <Button isQuiet className={styles['button']} onClick={retryRenewal}>
              {strings.retry}
            </Button>
          )}
        </p>
      )}
    </div>
  );
}
