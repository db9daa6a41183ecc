import { useState } from 'react';
import { isUserId } from '../chat/people';
import { trim } from '../chat/whiteSpace';
import { Avatar } from '../components/Avatar';
import { Button } from '../components/Button';
import { Bubbles } from '../components/Notice';
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
      <title>Parley</title>
      <div className={styles['card']}>
        <Bubbles />
        <h1>Who is talking?</h1>
        <p>
          This is a development server: you are who you say you are. Open a second tab to be somebody else.
        </p>
        <ul className={styles['people']} aria-label="People">
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
            aria-label="Another name"
            placeholder="Another name"
            autoComplete="off"
            autoCapitalize="off"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
          <Button type="submit" disabled={!isUserId(id)}>
            Come in
          </Button>
        </form>
      </div>
    </main>
  );
}
