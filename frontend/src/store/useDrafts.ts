import { create } from 'zustand';
import { getItem, keysOf, onItemChange, removeItem, setItem } from './storage';

const PREFIX = 'parley/draft/';

type Texts = Readonly<Record<string, string>>;

interface Drafts {
  drafts: Texts;
  setDraft: (key: string, text: string) => void;
}

/**
 * What was begun and not sent, a text a conversation, each a stored item of its own. Drafts outlive the tab, and
 * all tabs agree on them: the last change wins, and sending clears a draft everywhere.
 */
export const useDrafts = create<Drafts>((set) => ({
  drafts: stored(),
  setDraft: (key, text) => {
    if (text) setItem(PREFIX + key, text);
    else removeItem(PREFIX + key);
    set(({ drafts }) => ({ drafts: withText(drafts, key, text) }));
  },
}));

onItemChange((key) => {
  if (key === null || key.startsWith(PREFIX)) useDrafts.setState({ drafts: stored() });
});

function withText(drafts: Texts, key: string, text: string): Texts {
  const { [key]: _, ...others } = drafts;
  return text ? { ...others, [key]: text } : others;
}

function stored(): Texts {
  return Object.fromEntries(keysOf(PREFIX).map((key) => [key.slice(PREFIX.length), getItem(key) ?? '']));
}

export function draftKey(meId: string, conversationId: string): string {
  return `${conversationId}/${meId}`;
}
