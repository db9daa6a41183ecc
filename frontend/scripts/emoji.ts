/** Serves the emoji picker's data beside the page, under a path with its version. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Plugin } from 'vite';

const require = createRequire(import.meta.url);
const { version } = require('emojibase-data/package.json') as { version: string };
const files = ['en/data.json', 'en/messages.json'];
const folder = `assets/emojibase-${version}`;
const read = (file: string) => readFileSync(require.resolve(`emojibase-data/${file}`));

export function emoji(): Plugin {
  return {
    name: 'emoji',
    config: () => ({ define: { EMOJI_URL: JSON.stringify(`./${folder}`) } }),
    configureServer({ middlewares }) {
      for (const file of files) {
        middlewares.use(`/${folder}/${file}`, (_, response) => response.end(read(file)));
      }
    },
    generateBundle() {
      for (const file of files) {
        this.emitFile({ type: 'asset', fileName: `${folder}/${file}`, source: read(file) });
      }
    },
  };
}
