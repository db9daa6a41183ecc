import { useId, useState, type CSSProperties } from 'react';
import { clock, fullLabel } from '../../lib/days';
import { endsTurned, isLong, isOnlyEmoji } from '../../lib/text';
import { toComposer } from './toComposer';
import { useNow } from '../../hooks/browser/useNow';
import { shorten } from '../../lib/graphemes';
import { strings } from '../../lib/strings';
import { Avatar } from '../ui/Avatar';
import styles from './Bubble.module.css';
import { Hidden } from '../ui/Hidden';
import { RichText } from '../ui/RichText';
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
  /** Why it was not sent: an error's code, or the reason of a rejection. */
  reason?: string | undefined;
  onRetry?: (() => void) | undefined;
  onDiscard?: (() => void) | undefined;
}

export function Bubble(props: Props) {
  const { senderId, text, createdAt, isMine, follows, goesOn, isNamed, delivery } = props;
  const time = useNow(() => clock(createdAt));
  const isTimed = !goesOn || delivery === 'pending' || delivery === 'failed';
  return (
    <article
      className={styles['row']}
      data-mine={isMine}
      data-follows={follows}
      data-goes-on={goesOn}
      aria-label={strings.message.label(isMine ? null : senderId, time)}
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
          data-timed={isTimed}
          data-emoji={isOnlyEmoji(text)}
          data-turned={endsTurned(text)}
          data-failed={delivery === 'failed'}
          style={{ '--time': `${time.length}ch` } as CSSProperties}
        >
          <Text text={text} />
          <span className={styles['meta']}>
            {isTimed && <Time iso={createdAt}>{time}</Time>}
            {isMine && <Ticks delivery={delivery} />}
          </span>
          {!isTimed && (
            <span className={styles['beside']}>
              <Time iso={createdAt}>{time}</Time>
            </span>
          )}
        </div>
        {delivery === 'failed' && <Failed {...props} />}
      </div>
    </article>
  );
}

function Time({ iso, children }: { iso: string; children: string }) {
  const title = useNow(() => fullLabel(iso));
  return (
    <time dateTime={iso} title={title}>
      {children}
    </time>
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
          {isOpen ? strings.showLess : strings.showMore}
        </button>
      )}
    </>
  );
}

function Failed({
  reason,
  onRetry,
  onDiscard,
  text,
}: Pick<Props, 'reason' | 'onRetry' | 'onDiscard' | 'text'>) {
  const about = <Hidden>{strings.message.about(shorten(text, 60))}</Hidden>;
  return (
    <div className={styles['failed']}>
      {strings.message.failed(reason)}
      <button type="button" onClick={andGoOn(onRetry)}>
        {strings.message.retry}
        {about}
      </button>
      <button type="button" onClick={andGoOn(onDiscard)}>
        {strings.message.delete}
        {about}
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
