import { expect, it } from 'vitest';
import { conversation } from '../test/builders';
import { searchConversations } from './searchConversations';

const PEOPLE = ['ann frank', 'frank', 'fra', 'alfra', 'Zoë', 'bob'].map((peerId) =>
  conversation({ id: peerId, peerId }),
);
const found = (text: string) => searchConversations(PEOPLE, text).map(({ id }) => id);

it('ranks an equal name first, then prefixes, words with the prefix, and the rest', () => {
  expect(found('fra')).toEqual(['fra', 'frank', 'ann frank', 'alfra']);
});

it('ignores case and diacritics', () => {
  expect(found('ZOE')).toEqual(['Zoë']);
});

it('returns all conversations in order for a blank text', () => {
  expect(found('  ')).toHaveLength(PEOPLE.length);
});
