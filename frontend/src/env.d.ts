/** Where the emoji picker's data is; set by the build. */
declare const EMOJI_URL: string;
