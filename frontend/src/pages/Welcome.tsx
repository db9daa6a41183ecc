import { useState } from 'react';
import { isUserId } from '../lib/userId';
import { trim } from '../lib/whiteSpace';
import { Avatar } from '../components/ui/Avatar';
import { Button } from '../components/ui/Button';
import { ChatIllustration } from '../components/ui/EmptyState';
import { strings } from '../lib/strings';
import { switchUser } from '../store/addressUser';
import styles from './Welcome.module.css';

const SUGGESTED_USERS = ['ann', 'bob', 'cleo', 'dan'];

/** Sign-in by name for gateways with `AUTH=dev`. Each tab can have its own user. */
export function Welcome() {
  const [text, setText] = useState('');
  const id = trim(text);
  return (
    <main className={styles['page']}>
      <title>{strings.product}</title>
      <div className={styles['card']}>
        <ChatIllustration />
        <h1>{strings.welcome.title}</h1>
        <p>{strings.welcome.description}</p>
        <ul className={styles['users']} aria-label={strings.welcome.users}>
          {SUGGESTED_USERS.map((name) => (
            <li key={name}>
              <button type="button" onClick={() => switchUser({ id: name })}>
                <Avatar name={name} size={56} />
                {name}
              </button>
            </li>
          ))}
        </ul>
        <form
          className={styles['form']}
          onSubmit={(event) => {
            event.preventDefault();
            if (isUserId(id)) switchUser({ id });
          }}
        >
          <input
            aria-label={strings.welcome.anotherName}
            placeholder={strings.welcome.anotherName}
            autoComplete="off"
            autoCapitalize="off"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
          <Button type="submit" disabled={!isUserId(id)}>
            {strings.welcome.submit}
          </Button>
        </form>
      </div>
    </main>
  );
}
