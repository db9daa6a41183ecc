import { X } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { isMac } from '../../hooks/browser/useShortcuts';
import { strings } from '../../lib/strings';
import { IconButton } from '../ui/IconButton';
import styles from './ShortcutsDialog.module.css';

const { keys, actions, title } = strings.shortcuts;
const command = isMac ? keys.cmd : keys.ctrl;
const alt = isMac ? keys.option : keys.alt;

/** Each action with its alternative key combinations. */
const SHORTCUTS: [string, ...string[][]][] = [
  [actions.switch, [command, 'K']],
  [actions.next, [alt, '↓']],
  [actions.previous, [alt, '↑']],
  [actions.send, [keys.enter]],
  [actions.newLine, [keys.shift, keys.enter]],
  [actions.leave, [keys.escape]],
  [actions.help, ['?'], [command, '/']],
];

export default function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    // A click on the dialog element itself is on its backdrop.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions, jsx-a11y/click-events-have-key-events
    <dialog
      ref={dialog}
      className={styles['dialog']}
      aria-labelledby="shortcuts-title"
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && dialog.current?.close()}
    >
      <div className={styles['content']}>
        <div className={styles['header']}>
          <h2 id="shortcuts-title">{title}</h2>
          <IconButton icon={X} label={strings.close} onClick={() => dialog.current?.close()} />
        </div>
        <dl className={styles['list']}>
          {SHORTCUTS.map(([action, ...combinations]) => (
            <div key={action}>
              <dt>{action}</dt>
              <dd>
                {combinations.map((combination) => (
                  <span key={combination.join()} className={styles['combination']}>
                    {combination.map((key) => (
                      <kbd key={key}>{key}</kbd>
                    ))}
                  </span>
                ))}
              </dd>
            </div>
          ))}
        </dl>
      </div>
    </dialog>
  );
}
