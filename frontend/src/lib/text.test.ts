import { describe, expect, it } from 'vitest';
import { endsRightToLeft, isCollapsible, isOnlyEmoji, codePointCount, linkSegments } from './text';

const links = (text: string) => linkSegments(text).flatMap(({ href }) => href ?? []);

describe('links', () => {
  it('are found, and the segments add up to the text', () => {
    const text = 'See https://parley.example/a?b=c#d, or write to ann@parley.example.';
    expect(links(text)).toEqual(['https://parley.example/a?b=c#d', 'mailto:ann@parley.example']);
    expect(
      linkSegments(text)
        .map((piece) => piece.text)
        .join(''),
    ).toBe(text);
  });

  it.each([
    ['www.debian.org', 'http://www.debian.org'],
    ['(see www.boats.rs/a?b=c)', 'http://www.boats.rs/a?b=c'],
    ['github.com/x, please', 'http://github.com/x'],
    ['Read example.co.uk.', 'http://example.co.uk'],
    ['https://www.parley.example', 'https://www.parley.example'],
  ])('are found without a scheme: %s', (text, href) => {
    expect(links(text)).toEqual([href]);
  });

  it.each([
    'a.b',
    'user.name',
    'main.rs and lib.so',
    'README.md',
    'setup.py, run.sh, index.pl',
    'Makefile.in, configure.ac',
    'logo.ai in Safari.app',
    'Done.So it goes.It works',
    'e.g. i.e. v1.2.3 10.0.0.1',
    'www. www.example',
    'std::io.read obj.method()',
  ])('are not found in look-alikes: %s', (text) => {
    expect(links(text)).toEqual([]);
  });

  it('are never a script, data or a file', () => {
    const bad = [
      'javascript:alert(1)',
      'JaVaScRiPt:alert(1)',
      'data:text/html,<b>',
      'vbscript:x',
      'file:///etc',
    ];
    for (const text of bad) expect(links(text)).toEqual([]);
    expect(links('javascript://example.com/%0aalert(1)').filter((href) => !/^https?:/.test(href))).toEqual(
      [],
    );
  });
});

describe('text', () => {
  it('is only emoji if it has one to three', () => {
    expect(isOnlyEmoji('🎉')).toBe(true);
    expect(isOnlyEmoji('👩‍👩‍👧 👍🏽')).toBe(true);
    expect(isOnlyEmoji('🎉!')).toBe(false);
    expect(isOnlyEmoji('1')).toBe(false);
    expect(isOnlyEmoji('')).toBe(false);
  });

  it('is measured in code points', () => {
    expect(codePointCount('a🎉')).toBe(2);
  });

  it('ends right to left when its last line does', () => {
    expect(['שלום, ann!', 'hello\nשלום', '1. مرحبا\n', '\u202egnp.exe'].every(endsRightToLeft)).toBe(true);
    expect(['hello, שלום!', 'שלום\nhello', '42', ''].some(endsRightToLeft)).toBe(false);
  });

  it('is collapsible when it is long or has many lines', () => {
    expect(isCollapsible('x'.repeat(8000))).toBe(true);
    expect(isCollapsible('\n'.repeat(30))).toBe(true);
    expect(isCollapsible('Lunch?')).toBe(false);
  });
});
