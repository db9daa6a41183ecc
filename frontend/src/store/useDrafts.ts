import { create } from 'zustand';
import { getItem, keysWithPrefix, onItemChange, removeItem, setItem } from './storage';

const PREFIX = 'parley/draft/';

type DraftTexts = Readonly<Record<string, string>>;

interface Drafts {
  drafts: DraftTexts;
  setDraft: (key: string, text: string) => void;
}

/**
 * Unsent texts, one stored item per conversation and user. Drafts outlive the tab and are shared by all tabs:
 * the last change wins, and sending clears the draft everywhere.
 */
export const useDrafts = create<Drafts>((set) => ({
  drafts: loadDrafts(),
  setDraft: (key, text) => {
    if (text) setItem(PREFIX + key, text);
    else removeItem(PREFIX + key);
    set(({ drafts }) => ({ drafts: withText(drafts, key, text) }));
  },
}));

onItemChange((key) => {
  if (key === null || key.startsWith(PREFIX)) useDrafts.setState({ drafts: loadDrafts() });
});

function withText(drafts: DraftTexts, key: string, text: string): DraftTexts {
  const { [key]: _, ...others } = drafts;
  return text ? { ...others, [key]: text } : others;
}

function loadDrafts(): DraftTexts {
  return Object.fromEntries(
    keysWithPrefix(PREFIX).map((key) => [key.slice(PREFIX.length), getItem(key) ?? '']),
  );
}

export function draftKey(meId: string, conversationId: string): string {
  return `${conversationId}/${meId}`;
}

/** Deletes all drafts of the user. */
export function forgetDrafts(userId: string): void {
  const { drafts, setDraft } = useDrafts.getState();
  const isOfUser = (key: string) => key.slice(key.indexOf('/') + 1) === userId;
  Object.keys(drafts)
    .filter(isOfUser)
    .forEach((key) => setDraft(key, ''));
}
