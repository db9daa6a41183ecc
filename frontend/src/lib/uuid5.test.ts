import { describe, expect, it } from 'vitest';
import { directConversationId } from '../domain/conversations';

/** Vectors of `docs/contract/ids.json`, which the server derives too. */
const VECTORS: [string, string, string][] = [
  ['alice', 'bob', 'b081b879-55dd-5a21-9215-ec49135f3cb2'],
  ['bob', 'alice', 'b081b879-55dd-5a21-9215-ec49135f3cb2'],
  ['alice', 'Alice', '1fbc2c1a-3f5e-5585-b9a9-29b60a125f53'],
  ['e\u0301', '\u00e9', '70ce4949-1355-54db-8f8d-d613b70143d1'],
  ['\u{1f600}', '\ufffd', '757ff5be-4ccc-52c3-9839-87b6356aca38'],
  ['back\\slash/slash', 'say "hi"', '2f6adbbe-946a-5535-acf6-a84e4224a2d8'],
  ['line\u2028separator', 'zero\u200bwidth', 'd13fe3ad-0923-5fef-a764-85d1e4e808f2'],
  ['ß', 'ẞ', '563ba79b-e6f9-5423-b2f1-82d47b5db61b'],
  ['עברית', '日本語', '56a89d3e-4309-5881-a808-d48cd4bfd725'],
  ['b', 'a'.repeat(128), 'e1338495-429a-52b4-bdac-fadd2d76048f'],
];

describe('the id of a direct conversation', () => {
  it.each(VECTORS)('of %s and %s matches the contract', (a, b, id) => {
    expect(directConversationId(a, b)).toBe(id);
  });
});
