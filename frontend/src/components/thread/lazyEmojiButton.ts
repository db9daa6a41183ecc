/** The emoji button, which is loaded on first use. */
import { lazy } from 'react';
import { importWithRetry } from '../../lib/importWithRetry';

export const loadEmojiButton = () => import('./EmojiButton');

export const EmojiButton = lazy(() => importWithRetry(loadEmojiButton));
