import { ArrowRight, SquarePen } from 'lucide-react';
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { conversationName } from '../../domain/conversations';
import { isUserId } from '../../lib/userId';
import { trim } from '../../lib/whiteSpace';
import { useConversationSearch } from '../../hooks/useConversationSearch';
import { hrefOf, openConversation, type Route } from '../../hooks/browser/useRoute';
import { strings } from '../../lib/strings';
import { Avatar } from '../ui/Avatar';
import { Dialog } from '../ui/Dialog';
import { VisuallyHidden } from '../ui/VisuallyHidden';
import styles from './ConversationSwitcher.module.css';

interface Props {
  meId: string;
  onClose: () => void;
}

interface Option {
  name: string;
  route: Route;
  isNew: boolean;
}

const MAX_OPTIONS = 20;
const texts = strings.switcher;

/** Finds or starts a conversation: a combobox (WAI-ARIA APG) in a modal dialog. */
export default function ConversationSwitcher({ meId, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState('');
  // A key and not an index: pages that load meanwhile may bring better matches.
  const [activeKey, setActiveKey] = useState<string>();
  useEffect(() => input.current?.focus(), []); // after the dialog's own effect, which opens it

  const peerId = trim(text);
  const { matches, isSearching, isRetrying } = useConversationSearch(meId, peerId, MAX_OPTIONS);
  const options: Option[] = matches.map((conversation) => ({
    name: conversationName(conversation),
    route: { id: conversation.id },
    isNew: false,
  }));
  const canStart = isUserId(peerId) && peerId !== meId && !matches.some((match) => match.peerId === peerId);
  if (canStart) options.push({ name: peerId, route: { to: peerId }, isNew: true });
  const activeIndex = Math.max(
    0,
    options.findIndex((option) => optionKey(option) === activeKey),
  );

  const select = (option: Option | undefined) => {
    if (!option) return;
    dialog.current?.close();
    openConversation(option.route);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) setActiveKey(optionKey(options.at((activeIndex + step) % options.length)));
    else if (event.key === 'Enter') select(options[activeIndex]);
    else return;
    event.preventDefault();
  };

  return (
    <Dialog ref={dialog} title={texts.title} contentClassName={styles['content']} onClose={onClose}>
      <input
        ref={input}
        className={styles['input']}
        role="combobox"
        aria-label={texts.label}
        aria-autocomplete="list"
        aria-expanded={options.length > 0}
        aria-controls="switcher-options"
        aria-activedescendant={options.length > 0 ? optionId(activeIndex) : undefined}
        aria-describedby="switcher-error"
        value={text}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        placeholder={texts.placeholder}
        onChange={(event) => {
          setText(event.target.value);
          setActiveKey(undefined);
        }}
        onKeyDown={onKeyDown}
      />
      <p id="switcher-error" className={styles['error']} role="alert">
        {peerId !== '' && validationError(peerId, meId)}
      </p>
      <div id="switcher-options" className={styles['options']} role="listbox" aria-label={texts.resultsLabel}>
        {options.map((option, index) => (
          <OptionButton
            key={optionKey(option)}
            id={optionId(index)}
            option={option}
            isActive={index === activeIndex}
            onHover={() => setActiveKey(optionKey(option))}
            onSelect={() => select(option)}
          />
        ))}
      </div>
      <p className={styles['status']} role="status">
        {isRetrying ? strings.serverUnreachable : isSearching && texts.searching}{' '}
        <VisuallyHidden>{texts.resultCount(options.length)}</VisuallyHidden>
      </p>
    </Dialog>
  );
}

const optionId = (index: number) => `switcher-option-${index}`;
const optionKey = (option: Option | undefined) => option && hrefOf(option.route);

function validationError(peerId: string, meId: string): string | false {
  if (peerId === meId) return texts.isYou;
  return !isUserId(peerId) && texts.invalidName;
}

interface OptionButtonProps {
  id: string;
  option: Option;
  isActive: boolean;
  onHover: () => void;
  onSelect: () => void;
}

function OptionButton({ id, option: { name, isNew }, isActive, onHover, onSelect }: OptionButtonProps) {
  const element = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (isActive) element.current?.scrollIntoView({ block: 'nearest' });
  }, [isActive]);
  return (
    <button
      ref={element}
      type="button"
      id={id}
      role="option"
      aria-selected={isActive}
      tabIndex={-1}
      className={styles['option']}
      onPointerMove={onHover}
      onMouseDown={(event) => event.preventDefault()}
      onClick={onSelect}
    >
      <Avatar name={name} size={32} />
      <span className={styles['name']}>
        {isNew ? texts.messageUser(<bdi>{name}</bdi>) : <bdi>{name}</bdi>}
      </span>
      {isNew ? <SquarePen size={16} aria-hidden="true" /> : <ArrowRight size={16} aria-hidden="true" />}
    </button>
  );
}
