// Fails when what the browser loads before it shows a conversation is above the budget: the page's scripts, and
// what they load at once.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const BUDGET = 140_000;
const AT_ONCE = ['index.html', 'src/components/thread/Thread.tsx'];
const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'));

const loaded = new Set();
function load(name) {
  const { file, imports = [] } = manifest[name];
  if (loaded.has(file)) return;
  loaded.add(file);
  imports.forEach(load);
}
AT_ONCE.forEach(load);

const size = [...loaded].reduce((sum, file) => sum + gzipSync(readFileSync(new URL(file, dist))).length, 0);
console.log(`initial JavaScript: ${(size / 1000).toFixed(1)} kB gzipped of ${BUDGET / 1000}`);
if (size > BUDGET) process.exit(1);
