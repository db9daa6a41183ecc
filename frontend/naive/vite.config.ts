import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// Built by tests/browser alone, into naive/dist.
export default defineConfig({
  plugins: [react()],
  legacy: { inconsistentCjsInterop: true }, // react-use-websocket's default export
});
