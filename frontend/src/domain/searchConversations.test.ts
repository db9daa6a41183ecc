import { expect, it } from 'vitest';
import { conversation } from '../test/builders';
import { searchConversations } from './searchConversations';

const PEOPLE = ['ann frank', 'frank', 'fra', 'alfra', 'Zoë', 'bob'].map((peerId) =>
  conversation({ id: peerId, peerId }),
);
const found = (text: string) => searchConversations(PEOPLE, text).map(({ id }) => id);

it('the name itself is first, then what begins so, a word that does, and the rest', () => {
  expect(found('fra')).toEqual(['fra', 'frank', 'ann frank', 'alfra']);
});

it('case and marks do not count', () => {
  expect(found('ZOE')).toEqual(['Zoë']);
});

it('with nothing typed it is all, as they stand in the list', () => {
  expect(found('  ')).toHaveLength(PEOPLE.length);
});
