/** URL of the emoji picker's data, set by the build (scripts/emoji.ts). */
declare const EMOJI_URL: string;
