/** Which conversations a few typed letters mean. */
import type { Conversation } from '../types/chat';
import { conversationName } from './conversations';
import { trim } from '../lib/whiteSpace';

/** Without case and marks: "zoe" finds "Zoë". */
function normalize(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

/** 0 for the name itself, then what begins so, then a word that does, then the rest; -1: not at all. */
function rank(name: string, query: string): number {
  if (name === query) return 0;
  if (name.startsWith(query)) return 1;
  const index = name.indexOf(query);
  return index < 0 ? -1 : /[\s._@-]/.test(name[index - 1] ?? '') ? 2 : 3;
}

/** The best first; of equals, the one that spoke last. */
export function searchConversations(conversations: readonly Conversation[], text: string): Conversation[] {
  const query = normalize(trim(text));
  return conversations
    .map((conversation) => ({ conversation, rank: rank(normalize(conversationName(conversation)), query) }))
    .filter((match) => match.rank >= 0)
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ conversation }) => conversation);
}
