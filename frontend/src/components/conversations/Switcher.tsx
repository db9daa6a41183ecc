import { ArrowRight, SquarePen, X } from 'lucide-react';
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { nameOf } from '../../domain/conversations';
import { isUserId } from '../../lib/people';
import { trim } from '../../lib/whiteSpace';
import { useSearch } from '../../hooks/useSearch';
import { hrefOf, open, type Route } from '../../hooks/browser/useRoute';
import { strings } from '../../lib/strings';
import { Avatar } from '../ui/Avatar';
import { Hidden } from '../ui/Hidden';
import { IconButton } from '../ui/IconButton';
import styles from './Switcher.module.css';

interface Props {
  meId: string;
  onClose: () => void;
}

interface Option {
  name: string;
  route: Route;
  isNew: boolean;
}

const SHOWN = 20;
const texts = strings.switcher;

/**
 * Finds a conversation or starts one: a combobox (WAI-ARIA APG) in the browser's own modal dialog, which keeps
 * the focus, gives it back, and closes on Escape.
 */
export default function Switcher({ meId, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState('');
  // By its key: while the list is loaded on, better matches may come before it.
  const [active, setActive] = useState<string>();
  useEffect(() => {
    dialog.current?.showModal();
    field.current?.focus();
  }, []);

  const peerId = trim(text);
  const { found, isSearching, isDelayed } = useSearch(meId, peerId, SHOWN);
  const options: Option[] = found.map((conversation) => ({
    name: nameOf(conversation),
    route: { id: conversation.id },
    isNew: false,
  }));
  const canStart = isUserId(peerId) && peerId !== meId && !found.some((each) => each.peerId === peerId);
  if (canStart) options.push({ name: peerId, route: { to: peerId }, isNew: true });
  const at = Math.max(
    0,
    options.findIndex((option) => keyOf(option) === active),
  );

  const choose = (option: Option | undefined) => {
    if (!option) return;
    dialog.current?.close();
    open(option.route);
  };
  const press = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) setActive(keyOf(options.at((at + step) % options.length)));
    else if (event.key === 'Enter') choose(options[at]);
    else return;
    event.preventDefault();
  };

  return (
    // A click on the dialog itself is one beside its content.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions, jsx-a11y/click-events-have-key-events
    <dialog
      ref={dialog}
      className={styles['dialog']}
      aria-labelledby="switcher-title"
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && dialog.current?.close()}
    >
      <div className={styles['content']}>
        <div className={styles['head']}>
          <h2 id="switcher-title">{texts.title}</h2>
          <IconButton icon={X} label={strings.close} onClick={() => dialog.current?.close()} />
        </div>
        <input
          ref={field}
          className={styles['input']}
          role="combobox"
          aria-label={texts.label}
          aria-autocomplete="list"
          aria-expanded={options.length > 0}
          aria-controls="switcher-options"
          aria-activedescendant={options.length > 0 ? optionId(at) : undefined}
          aria-describedby="switcher-problem"
          value={text}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          placeholder={texts.placeholder}
          onChange={(event) => {
            setText(event.target.value);
            setActive(undefined);
          }}
          onKeyDown={press}
        />
        <p id="switcher-problem" className={styles['problem']} role="alert">
          {peerId !== '' && problem(peerId, meId)}
        </p>
        <div id="switcher-options" className={styles['options']} role="listbox" aria-label={texts.results}>
          {options.map((option, index) => (
            <Choice
              key={keyOf(option)}
              id={optionId(index)}
              option={option}
              isActive={index === at}
              onPoint={() => setActive(keyOf(option))}
              onChoose={() => choose(option)}
            />
          ))}
        </div>
        <p className={styles['status']} role="status">
          {isDelayed ? strings.serverAway : isSearching && texts.searching}{' '}
          <Hidden>{texts.count(options.length)}</Hidden>
        </p>
      </div>
    </dialog>
  );
}

const optionId = (index: number) => `switcher-option-${index}`;
const keyOf = (option: Option | undefined) => option && hrefOf(option.route);

function problem(peerId: string, meId: string): string | false {
  if (peerId === meId) return texts.self;
  return !isUserId(peerId) && texts.notAName;
}

interface ChoiceProps {
  id: string;
  option: Option;
  isActive: boolean;
  onPoint: () => void;
  onChoose: () => void;
}

function Choice({ id, option: { name, isNew }, isActive, onPoint, onChoose }: ChoiceProps) {
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
      onPointerMove={onPoint}
      onMouseDown={(event) => event.preventDefault()}
      onClick={onChoose}
    >
      <Avatar name={name} size={32} />
      <span className={styles['name']}>{isNew ? texts.start(<bdi>{name}</bdi>) : <bdi>{name}</bdi>}</span>
      {isNew ? <SquarePen size={16} aria-hidden="true" /> : <ArrowRight size={16} aria-hidden="true" />}
    </button>
  );
}
