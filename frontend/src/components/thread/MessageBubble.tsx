import { useId, useState, type CSSProperties } from 'react';
import { timeLabel, fullLabel } from '../../lib/dates';
import { endsRightToLeft, isCollapsible, isOnlyEmoji } from '../../lib/text';
import { focusComposer } from './focusComposer';
import { useNow } from '../../hooks/browser/useNow';
import { truncate } from '../../lib/truncate';
import { strings } from '../../lib/strings';
import { Avatar } from '../ui/Avatar';
import styles from './MessageBubble.module.css';
import { VisuallyHidden } from '../ui/VisuallyHidden';
import { LinkifiedText } from '../ui/LinkifiedText';
import { DeliveryStatus, type Delivery } from './DeliveryStatus';

interface Props {
  senderId: string;
  text: string;
  createdAt: string;
  isOwn: boolean;
  /** Whether the previous, the next message belongs to the same group. */
  joinsPrevious: boolean;
  joinsNext: boolean;
  /** Group conversations show senders. */
  showsSender: boolean;
  delivery: Delivery;
  /** Why it was not sent: an error code or rejection reason. */
  reason?: string | undefined;
  onRetry?: (() => void) | undefined;
  onDiscard?: (() => void) | undefined;
}

export function MessageBubble(props: Props) {
  const { senderId, text, createdAt, isOwn, joinsPrevious, joinsNext, showsSender, delivery } = props;
  const time = useNow(() => timeLabel(createdAt));
  const showsTime = !joinsNext || delivery === 'pending' || delivery === 'failed';
  return (
    <article
      className={styles['row']}
      data-own={isOwn}
      data-joins-previous={joinsPrevious}
      data-joins-next={joinsNext}
      aria-label={strings.message.label(isOwn ? null : senderId, time)}
    >
      {showsSender &&
        !isOwn &&
        (joinsNext ? <span className={styles['avatarSpace']} /> : <Avatar name={senderId} size={30} />)}
      <div className={styles['column']}>
        {showsSender && !isOwn && !joinsPrevious && (
          <bdi className={styles['sender']} aria-hidden="true">
            {senderId}
          </bdi>
        )}
        <div
          className={styles['bubble']}
          data-has-time={showsTime}
          data-emoji={isOnlyEmoji(text)}
          data-rtl-end={endsRightToLeft(text)}
          data-failed={delivery === 'failed'}
          style={{ '--time': `${time.length}ch` } as CSSProperties}
        >
          <Text text={text} />
          <span className={styles['meta']}>
            {showsTime && <Time iso={createdAt}>{time}</Time>}
            {isOwn && <DeliveryStatus delivery={delivery} />}
          </span>
          {!showsTime && (
            <span className={styles['hoverTime']}>
              <Time iso={createdAt}>{time}</Time>
            </span>
          )}
        </div>
        {delivery === 'failed' && <FailedActions {...props} />}
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
  const canCollapse = isCollapsible(text);
  const [isExpanded, setIsExpanded] = useState(false);
  return (
    <>
      <div id={id} className={styles['text']} data-collapsed={canCollapse && !isExpanded} dir="auto">
        <LinkifiedText text={text} />
      </div>
      {canCollapse && (
        <button
          type="button"
          className={styles['toggle']}
          aria-expanded={isExpanded}
          aria-controls={id}
          onClick={() => setIsExpanded(!isExpanded)}
        >
          {isExpanded ? strings.showLess : strings.showMore}
        </button>
      )}
    </>
  );
}

function FailedActions({
  reason,
  onRetry,
  onDiscard,
  text,
}: Pick<Props, 'reason' | 'onRetry' | 'onDiscard' | 'text'>) {
  const suffix = <VisuallyHidden>{strings.message.buttonSuffix(truncate(text, 60))}</VisuallyHidden>;
  return (
    <div className={styles['failedActions']}>
      {strings.message.failed(reason)}
      <button type="button" onClick={thenFocusComposer(onRetry)}>
        {strings.message.retry}
        {suffix}
      </button>
      <button type="button" onClick={thenFocusComposer(onDiscard)}>
        {strings.message.delete}
        {suffix}
      </button>
    </div>
  );
}

/** Focuses the composer before `action` removes the focused button. */
function thenFocusComposer(action: (() => void) | undefined) {
  return () => {
    focusComposer();
    action?.();
  };
}
