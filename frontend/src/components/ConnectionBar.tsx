import { LoaderCircle } from 'lucide-react';
import type { Chat } from '../hooks/useChat';
import { strings } from '../lib/strings';
import styles from './ConnectionBar.module.css';

/** Says that the connection is away. What is short is not worth a word: it appears after a moment. */
export function ConnectionBar({ isConnected, isRefused }: Pick<Chat, 'isConnected' | 'isRefused'>) {
  return (
    <div role="status" aria-label={strings.connection.label}>
      {isRefused && <p className={styles['bar']}>{strings.notSignedIn}</p>}
      {!isConnected && !isRefused && (
        <p className={styles['bar']}>
          <LoaderCircle size={14} className={styles['turning']} aria-hidden="true" />
          {strings.connection.reconnecting}
        </p>
      )}
    </div>
  );
}
