import { create } from 'zustand';

const PREFIX = 'parley/draft/';

interface Drafts {
  drafts: Readonly<Record<string, string>>;
  setDraft: (key: string, text: string) => void;
}

/** What was begun and not sent, a text a conversation, each an item of its own. They outlive the tab. */
export const useDrafts = create<Drafts>((set) => ({
  drafts: kept(),
  setDraft: (key, text) => {
    if (text) localStorage.setItem(PREFIX + key, text);
    else localStorage.removeItem(PREFIX + key);
    set(({ drafts: { [key]: _, ...others } }) => ({ drafts: text ? { ...others, [key]: text } : others }));
  },
}));

function kept(): Record<string, string> {
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
  return Object.fromEntries(keys.map((key) => [key.slice(PREFIX.length), localStorage.getItem(key) ?? '']));
}

export function draftKey(meId: string, conversationId: string): string {
  return `${conversationId}/${meId}`;
}
