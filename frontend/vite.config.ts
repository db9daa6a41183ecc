import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { withoutFetchAdapter } from './scripts/axios.ts';
import { emoji } from './scripts/emoji.ts';

const gateway = process.env['VITE_GATEWAY'] ?? 'http://127.0.0.1:8000';
const proxy = { '/messages': gateway, '/client-config.json': gateway, '/ws': { target: gateway, ws: true } };

export default defineConfig({
  base: './', // a reverse proxy may serve the page under a path prefix
  plugins: [react(), emoji(), withoutFetchAdapter()],
  server: { proxy },
  preview: { proxy },
  build: {
    target: 'es2024',
    // The first versions with `light-dark()` and `:dir()`, so that no styles are rewritten.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // Inline nothing: the page is served with a strict Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true, // for scripts/check-size.mjs
  },
  test: {
    environment: 'jsdom',
    setupFiles: './src/test/setup.ts',
    css: { modules: { classNameStrategy: 'non-scoped' } },
  },
});
