import { describe, expect, it } from 'vitest';
import { whiteSpaceVectors } from '../types/generated/whiteSpace';
import { isUserId } from './userId';
import { isBlank, trim } from './whiteSpace';

describe('white space', () => {
  it('matches the contract', () => {
    expect(whiteSpaceVectors.length).toBeGreaterThan(50);
    for (const { text, trimmed, isBlank: blank } of whiteSpaceVectors) {
      expect([text, trim(text), isBlank(text)]).toEqual([text, trimmed, blank]);
    }
  });

  it('never starts or ends a user id', () => {
    const trimmed = whiteSpaceVectors.filter((vector) => vector.text !== vector.trimmed);
    expect(trimmed.map(({ text }) => text).filter(isUserId)).toEqual([]);
  });
});
