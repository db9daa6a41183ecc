import { useId, useState } from 'react';
import { clock } from '../chat/days';
import { isLong, isOnlyEmoji, isTurned } from '../chat/text';
import { toComposer } from '../hooks/toComposer';
import { Avatar } from './Avatar';
import styles from './Bubble.module.css';
import { Hidden } from './Hidden';
import { RichText } from './RichText';
import { Ticks, type Delivery } from './Ticks';

interface Props {
  senderId: string;
  text: string;
  createdAt: string;
  isMine: boolean;
  /** Whether the one before, the one after is of the same turn. */
  follows: boolean;
  goesOn: boolean;
  /** In a group, who speaks is said. */
  isNamed: boolean;
  delivery: Delivery;
  onRetry?: (() => void) | undefined;
  onDiscard?: (() => void) | undefined;
}

export function Bubble(props: Props) {
  const { senderId, text, createdAt, isMine, follows, goesOn, isNamed, delivery } = props;
  const emoji = isOnlyEmoji(text);
  const isTimed = !goesOn || delivery === 'pending' || delivery === 'failed';
  return (
    <article
      className={styles['row']}
      data-mine={isMine}
      data-follows={follows}
      data-goes-on={goesOn}
      aria-label={`${isMine ? 'You' : senderId}, ${clock(createdAt)}`}
    >
      {isNamed &&
        !isMine &&
        (goesOn ? <span className={styles['gap']} /> : <Avatar name={senderId} size={30} />)}
      <div className={styles['column']}>
        {isNamed && !isMine && !follows && (
          <bdi className={styles['sender']} aria-hidden="true">
            {senderId}
          </bdi>
        )}
        <div
          className={styles['bubble']}
          data-emoji={emoji}
          data-turned={isTurned(text)}
          data-failed={delivery === 'failed'}
        >
          <Text text={text} />
          <span className={styles['meta']}>
            {isTimed && <time dateTime={createdAt}>{clock(createdAt)}</time>}
            {isMine && <Ticks delivery={delivery} />}
          </span>
        </div>
        {delivery === 'failed' && <Failed onRetry={props.onRetry} onDiscard={props.onDiscard} text={text} />}
      </div>
    </article>
  );
}

function Text({ text }: { text: string }) {
  const id = useId();
  const long = isLong(text);
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <div id={id} className={styles['text']} data-folded={long && !isOpen} dir="auto">
        <RichText text={text} />
      </div>
      {long && (
        <button
          type="button"
          className={styles['more']}
          aria-expanded={isOpen}
          aria-controls={id}
          onClick={() => setIsOpen(!isOpen)}
        >
          {isOpen ? 'Show less' : 'Show more'}
        </button>
      )}
    </>
  );
}

function Failed({ onRetry, onDiscard, text }: Pick<Props, 'onRetry' | 'onDiscard' | 'text'>) {
  const about = <Hidden>: {text.slice(0, 60)}</Hidden>;
  return (
    <div className={styles['failed']}>
      Not sent.
      <button type="button" onClick={andGoOn(onRetry)}>
        Tap to retry{about}
      </button>
      <button type="button" onClick={andGoOn(onDiscard)}>
        Delete{about}
      </button>
    </div>
  );
}

/** The button will be gone: the focus goes to where one goes on. */
function andGoOn(act: (() => void) | undefined) {
  return () => {
    toComposer();
    act?.();
  };
}
