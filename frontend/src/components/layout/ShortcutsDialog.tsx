import { useRef } from 'react';
import { isMac } from '../../hooks/browser/useShortcuts';
import { strings } from '../../lib/strings';
import { Dialog } from '../ui/Dialog';
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
  return (
    <Dialog ref={dialog} title={title} contentClassName={styles['content']} onClose={onClose}>
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
    </Dialog>
  );
}
