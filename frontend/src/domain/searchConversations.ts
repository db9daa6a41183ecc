import type { Conversation } from '../types/chat';
import { conversationName } from './conversations';
import { trim } from '../lib/whiteSpace';

/** Strips case and diacritics: "zoe" finds "Zoë". */
function normalize(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

/** 0: equal; 1: prefix; 2: prefix of a later word; 3: substring; -1: no match. */
function rank(name: string, query: string): number {
  if (name === query) return 0;
  if (name.startsWith(query)) return 1;
  const index = name.indexOf(query);
  return index < 0 ? -1 : /[\s._@-]/.test(name[index - 1] ?? '') ? 2 : 3;
}

/** Conversations whose name contains `text`, best match first; equal matches keep their order. */
export function searchConversations(conversations: readonly Conversation[], text: string): Conversation[] {
  const query = normalize(trim(text));
  return conversations
    .map((conversation) => ({ conversation, rank: rank(normalize(conversationName(conversation)), query) }))
    .filter((match) => match.rank >= 0)
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ conversation }) => conversation);
}
