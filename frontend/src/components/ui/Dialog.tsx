import { X } from 'lucide-react';
import { useEffect, useId, type ReactNode, type RefObject } from 'react';
import { strings } from '../../lib/strings';
import { IconButton } from './IconButton';
import styles from './Dialog.module.css';

interface Props {
  ref: RefObject<HTMLDialogElement | null>;
  title: string;
  contentClassName: string | undefined;
  onClose: () => void;
  children: ReactNode;
}

/** A native modal dialog, which traps and restores the focus; Escape, the button and the backdrop close it. */
export function Dialog({ ref, title, contentClassName, onClose, children }: Props) {
  const titleId = useId();
  useEffect(() => ref.current?.showModal(), [ref]);
  return (
    // A click on the dialog element itself is on its backdrop.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions, jsx-a11y/click-events-have-key-events
    <dialog
      ref={ref}
      className={styles['dialog']}
      aria-labelledby={titleId}
      onClose={onClose}
      onClick={(event) => event.target === ref.current && ref.current?.close()}
    >
      <div className={`${styles['content']} ${contentClassName ?? ''}`}>
        <div className={styles['header']}>
          <h2 id={titleId}>{title}</h2>
          <IconButton icon={X} label={strings.close} onClick={() => ref.current?.close()} />
        </div>
        {children}
      </div>
    </dialog>
  );
}
