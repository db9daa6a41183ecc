// Fails if the JavaScript loaded before a conversation is shown exceeds the budget: the entry points and their
// static imports.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const MAX_BYTES = 140_000;
const ENTRY_POINTS = ['index.html', 'src/components/thread/Thread.tsx'];
const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'));

const loaded = new Set();
function load(name) {
  const { file, imports = [] } = manifest[name];
  if (loaded.has(file)) return;
  loaded.add(file);
  imports.forEach(load);
}
ENTRY_POINTS.forEach(load);

const size = [...loaded].reduce((sum, file) => sum + gzipSync(readFileSync(new URL(file, dist))).length, 0);
console.log(`initial JavaScript: ${(size / 1000).toFixed(1)} kB gzipped of ${MAX_BYTES / 1000}`);
if (size > MAX_BYTES) process.exit(1);
