import { ArrowRight, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { isTransient } from '../api/apiClient';
import { isUserId } from '../chat/people';
import { trim } from '../chat/whiteSpace';
import { useStartConversation } from '../hooks/useStartConversation';
import { open } from '../hooks/useRoute';
import { strings } from '../lib/strings';
import { Avatar } from './Avatar';
import { Button } from './Button';
import { IconButton } from './IconButton';
import styles from './StartDialog.module.css';

interface Props {
  meId: string;
  /** Whom one talked with already. */
  known: string[];
  onClose: () => void;
}

/** The browser's own modal dialog: it keeps the focus, gives it back, and closes on Escape. */
export default function StartDialog({ meId, known, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState('');
  const start = useStartConversation();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
    field.current?.focus();
  }, []);

  const peerId = trim(text);
  const isSelf = peerId === meId;
  const suggested = known.filter((id) => id.toLowerCase().includes(peerId.toLowerCase())).slice(0, 5);
  const begin = (id: string) =>
    start.mutate(id, {
      onSuccess: (conversation) => {
        dialog.current?.close();
        open(conversation.id);
      },
    });

  return (
    // A click on the dialog itself is one beside its content.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions, jsx-a11y/click-events-have-key-events
    <dialog
      ref={dialog}
      className={styles['dialog']}
      aria-labelledby="start-title"
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && dialog.current?.close()}
    >
      <form
        className={styles['form']}
        onSubmit={(event) => {
          event.preventDefault();
          if (isUserId(peerId) && !isSelf) begin(peerId);
        }}
      >
        <div className={styles['head']}>
          <h2 id="start-title">{strings.start.title}</h2>
          <IconButton icon={X} label={strings.close} onClick={() => dialog.current?.close()} />
        </div>
        <label className={styles['label']} htmlFor="peer">
          {strings.start.to}
        </label>
        <div className={styles['row']}>
          <input
            ref={field}
            id="peer"
            className={styles['input']}
            value={text}
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            maxLength={256}
            placeholder={strings.start.placeholder}
            aria-describedby="start-problem"
            onChange={(event) => setText(event.target.value)}
          />
          <Button type="submit" disabled={!isUserId(peerId) || isSelf || start.isPending}>
            {start.isPending ? strings.start.starting : strings.start.submit}
          </Button>
        </div>
        <p id="start-problem" className={styles['problem']} role="alert">
          {isSelf && strings.start.self}
          {start.isError && whyNot(start.error)}
        </p>
        {suggested.length > 0 && (
          <ul className={styles['known']} aria-label={strings.start.people}>
            {suggested.map((id) => (
              <li key={id}>
                <button type="button" onClick={() => begin(id)}>
                  <Avatar name={id} size={32} />
                  <bdi>{id}</bdi>
                  <ArrowRight size={16} aria-hidden="true" />
                </button>
              </li>
            ))}
          </ul>
        )}
      </form>
    </dialog>
  );
}

function whyNot(error: Error): string {
  return isTransient(error) ? strings.start.serverAway : strings.start.failed;
}
