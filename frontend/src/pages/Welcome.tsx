import { useState } from 'react';
import { isUserId } from '../lib/people';
import { trim } from '../lib/whiteSpace';
import { Avatar } from '../components/ui/Avatar';
import { Button } from '../components/ui/Button';
import { Bubbles } from '../components/ui/Notice';
import { strings } from '../lib/strings';
import { useStore } from '../store/useStore';
import styles from './Welcome.module.css';

const PEOPLE = ['ann', 'bob', 'cleo', 'dan'];

/** Where everybody is who they say they are (`AUTH=dev`), one says it here; two tabs can be two people. */
export function Welcome() {
  const setUser = useStore((store) => store.setUser);
  const [text, setText] = useState('');
  const id = trim(text);
  return (
    <main className={styles['page']}>
      <title>{strings.product}</title>
      <div className={styles['card']}>
        <Bubbles />
        <h1>{strings.welcome.title}</h1>
        <p>{strings.welcome.about}</p>
        <ul className={styles['people']} aria-label={strings.welcome.people}>
          {PEOPLE.map((name) => (
            <li key={name}>
              <button type="button" onClick={() => setUser({ id: name })}>
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
            if (isUserId(id)) setUser({ id });
          }}
        >
          <input
            aria-label={strings.welcome.otherName}
            placeholder={strings.welcome.otherName}
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
