import type { ReactNode } from 'react';
import { Button } from '../components/ui/Button';
import { ChatIllustration } from '../components/ui/EmptyState';
import { strings } from '../lib/strings';
import { signIn, startSession } from '../session/session';
import type { Session } from '../store/useSession';
import styles from './Welcome.module.css';

const texts = strings.signIn;

/** Sign-in at the identity provider, and what keeps it from working. */
export function SignIn({ session }: { session: Session }) {
  switch (session.status) {
    case 'unavailable':
      return (
        <Card title={texts.unavailable}>
          <p role="alert">{texts.unavailableHint}</p>
          <Button onClick={() => void startSession()}>{strings.retry}</Button>
        </Card>
      );
    case 'unconfigured':
      return (
        <Card title={texts.unconfigured}>
          <p role="alert">{texts.unconfiguredHint}</p>
        </Card>
      );
    case 'signedOut':
      return (
        <Card title={texts.title}>
          <p role={session.problem && 'alert'}>
            {session.problem ? texts.problems[session.problem] : texts.description}
          </p>
          <Button onClick={() => void signIn()}>
            {session.problem === 'unreachable' ? strings.retry : texts.submit}
          </Button>
        </Card>
      );
    case 'redirecting':
      return (
        <Card title={texts.title}>
          <p role="status">{texts.waiting}</p>
        </Card>
      );
    default:
      return <title>{strings.product}</title>;
  }
}

function Card({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className={styles['page']}>
      <title>{strings.product}</title>
      <div className={styles['card']}>
        <ChatIllustration />
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}
