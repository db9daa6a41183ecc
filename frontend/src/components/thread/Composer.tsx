import { SendHorizontal, Smile } from 'lucide-react';
import { useEffect, useLayoutEffect, useRef, type KeyboardEvent } from 'react';
import { codePointCount, MAX_TEXT_LENGTH } from '../../lib/text';
import { isBlank } from '../../lib/whiteSpace';
import { isTouchDevice } from '../../lib/isTouchDevice';
import { strings } from '../../lib/strings';
import { useStorage } from '../../store/storage';
import { draftKey, useDrafts } from '../../store/useDrafts';
import { incrementSentCount, useSentCount } from '../../store/useSentCount';
import styles from './Composer.module.css';
import { VisuallyHidden } from '../ui/VisuallyHidden';
import { IconButton } from '../ui/IconButton';
import { LazyOnClick } from '../ui/LazyOnClick';
import { EmojiButton } from './lazyEmojiButton';

const { keys } = strings.composer;

/** Number of messages sent from this browser after which the keyboard hint disappears. */
const HINT_UNTIL_SENT = 3;

interface Props {
  meId: string;
  conversationId: string;
  name: string;
  onSend: (text: string) => void;
}

/**
 * Whether a key sends: Enter without Shift, not on touch keyboards, and not while an input method is
 * composing (which some browsers signal by key code 229 only).
 */
function isSendKey({ key, shiftKey, nativeEvent }: KeyboardEvent): boolean {
  const isComposing = nativeEvent.isComposing || nativeEvent.keyCode === 229;
  return key === 'Enter' && !shiftKey && !isComposing && !isTouchDevice();
}

export function Composer({ meId, conversationId, name, onSend }: Props) {
  const key = draftKey(meId, conversationId);
  const text = useDrafts((store) => store.drafts[key] ?? '');
  const setDraft = useDrafts((store) => store.setDraft);
  const field = useRef<HTMLTextAreaElement>(null);
  useAutoHeight(field, text);
  useEffect(() => {
    if (!isTouchDevice()) field.current?.focus();
  }, []);

  const isHintShown = useSentCount((store) => store.count) < HINT_UNTIL_SENT;
  const charactersLeft = MAX_TEXT_LENGTH - codePointCount(text);
  const canSend = !isBlank(text) && charactersLeft >= 0;
  const send = () => {
    if (!canSend) return;
    onSend(text);
    incrementSentCount();
    setDraft(key, '');
    field.current?.focus();
  };
  const insert = (emoji: string) => {
    const { selectionStart: from, selectionEnd: to } = field.current!;
    setDraft(key, text.slice(0, from) + emoji + text.slice(to));
    field.current!.focus();
    requestAnimationFrame(() => field.current?.setSelectionRange(from + emoji.length, from + emoji.length));
  };

  return (
    <form
      className={styles['composer']}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div className={styles['box']}>
        <LazyOnClick
          button={(load) => <IconButton icon={Smile} label={strings.emoji.label} isRound onClick={load} />}
        >
          <EmojiButton onPick={insert} />
        </LazyOnClick>
        <textarea
          ref={field}
          className={styles['field']}
          rows={1}
          dir="auto"
          value={text}
          placeholder={strings.composer.placeholder}
          aria-label={strings.composer.label(name)}
          aria-describedby={isHintShown ? 'composer-hint' : undefined}
          aria-invalid={charactersLeft < 0}
          onChange={(event) => setDraft(key, event.target.value)}
          onKeyDown={(event) => {
            if (!isSendKey(event)) return;
            event.preventDefault();
            send();
          }}
        />
        {charactersLeft < 500 && (
          <span className={styles['charactersLeft']} data-over={charactersLeft < 0} role="status">
            {charactersLeft < 0 ? (
              strings.composer.charactersOver(-charactersLeft)
            ) : (
              <CharactersLeft count={charactersLeft} />
            )}
          </span>
        )}
        <button
          type="submit"
          className={styles['send']}
          aria-label={strings.composer.send}
          title={strings.composer.send}
          disabled={!canSend}
        >
          <SendHorizontal size={19} strokeWidth={2} aria-hidden="true" />
        </button>
      </div>
      <StorageWarning />
      {isHintShown && (
        <p id="composer-hint" className={styles['hint']}>
          {strings.composer.hint(<kbd>{keys.enter}</kbd>, <kbd>{keys.shift}</kbd>)}
        </p>
      )}
    </form>
  );
}

/** Warns that drafts are kept in memory only. */
function StorageWarning() {
  const isVolatile = useStorage((store) => store.isVolatile);
  return (
    <p className={styles['storageWarning']} role="status">
      {isVolatile && strings.connection.draftsNotSaved}
    </p>
  );
}

/** Shows the bare number, and announces it with its unit. */
function CharactersLeft({ count }: { count: number }) {
  return (
    <>
      <span aria-hidden="true">{count}</span>
      <VisuallyHidden>{strings.composer.charactersLeft(count)}</VisuallyHidden>
    </>
  );
}

/** Fits the field's height to its text; CSS sets the maximum. */
function useAutoHeight(field: React.RefObject<HTMLTextAreaElement | null>, text: string) {
  useLayoutEffect(() => {
    const { style, scrollHeight, offsetHeight, clientHeight } = collapsed(field.current!);
    style.height = `${scrollHeight + offsetHeight - clientHeight}px`;
  }, [field, text]);
}

function collapsed(element: HTMLTextAreaElement): HTMLTextAreaElement {
  element.style.height = 'auto';
  return element;
}
