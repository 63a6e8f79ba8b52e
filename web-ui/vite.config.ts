import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// `npm run dev` talks to a platform (or dev/mock-server.mjs) on this address.
const platform = 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react()],
  build: {
    // Nothing inlined as data: or script: the page runs under a Content-Security-Policy of 'self'.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
  },
  server: { port: 5173, proxy: { '/api': platform, '/v1': platform, '/q': platform } },
  test: { environment: 'node', include: ['src/**/*.test.ts'] },
});
