import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { truncate } from './truncate';
import { strings } from './strings';

const src = join(import.meta.dirname, '..');
const TEXT_ATTRIBUTES = /^(aria-label|aria-description|alt|label|placeholder|title)$/;

/** String literals that an expression may evaluate to. */
function literalTexts(node: ts.Expression | undefined): string[] {
  if (node === undefined) return [];
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isParenthesizedExpression(node)) return literalTexts(node.expression);
  if (ts.isConditionalExpression(node)) return [node.whenTrue, node.whenFalse].flatMap(literalTexts);
  const isEither = ts.isBinaryExpression(node) && ['||', '??', '&&'].includes(node.operatorToken.getText());
  return isEither ? [node.left, node.right].flatMap(literalTexts) : [];
}

/**
 * Texts written in a component instead of the catalogue: as children, in expressions, or in attributes that
 * are displayed or announced.
 */
function inlineTexts(file: string): string[] {
  const source = ts.createSourceFile(
    file,
    readFileSync(join(src, file), 'utf8'),
    ts.ScriptTarget.Latest,
    true,
  );
  const texts: string[] = [];
  const visit = (node: ts.Node) => {
    const isText = ts.isJsxText(node) && /\p{L}{2}/u.test(node.text);
    const isExpression =
      ts.isJsxExpression(node) &&
      (ts.isJsxElement(node.parent) || ts.isJsxFragment(node.parent)) &&
      literalTexts(node.expression).some((text) => /\p{L}{2}/u.test(text));
    const isAttribute =
      ts.isJsxAttribute(node) &&
      TEXT_ATTRIBUTES.test(node.name.getText(source)) &&
      node.initializer !== undefined &&
      ts.isStringLiteral(node.initializer);
    if (isText || isExpression || isAttribute) texts.push(`${file}: ${node.getText(source).trim()}`);
    node.forEachChild(visit);
  };
  visit(source);
  return texts;
}

describe('the catalogue', () => {
  it('contains every text of the page', () => {
    const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
      (file) => file.endsWith('.tsx') && !/test|lib\/strings/.test(file),
    );
    expect(files.length).toBeGreaterThan(20);
    expect(files.flatMap(inlineTexts)).toEqual([]);
  });

  it('pluralizes', () => {
    expect(strings.thread.members(1)).toBe('1 member');
    expect(strings.thread.members(5)).toBe('5 members');
    expect(strings.composer.charactersOver(1)).toBe('1 character over the limit');
  });
});

describe('a truncated text', () => {
  it.each([
    ['of letters', `${'i'.repeat(200)}`, 'i'.repeat(120)],
    ['at an emoji', `${'i'.repeat(119)}😀 more`, 'i'.repeat(119)],
    ['at a flag', `${'i'.repeat(118)}🇩🇪 more`, 'i'.repeat(118)],
    ['at a family', `${'i'.repeat(115)}👨‍👩‍👧‍👦 more`, 'i'.repeat(115)],
    ['at a combining mark', `${'i'.repeat(119)}e\u0301 more`, 'i'.repeat(119)],
    ['that is short', 'e\u0301', 'e\u0301'],
    ['of one long grapheme', `Z${'\u0301'.repeat(500)}`, `Z${'\u0301'.repeat(500)}`],
  ])('%s ends between graphemes', (_, text, shown) => {
    expect(truncate(text, 120)).toBe(shown);
  });
});
