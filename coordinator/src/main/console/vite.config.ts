import { defineConfig } from 'vite';

export default defineConfig({
  // The pages are served below /ui/, by any coordinator.
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  server: { proxy: { '/v1': 'http://127.0.0.1:7070' } },
  build: {
    target: 'es2022',
    // A data address would need more from the Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: false,
    // The service answers with an ETag and no-cache, so names need no digest.
    rollupOptions: {
      output: {
        entryFileNames: 'assets/[name].js',
        chunkFileNames: 'assets/[name].js',
        assetFileNames: 'assets/[name][extname]',
      },
    },
  },
  worker: { format: 'es', rollupOptions: { output: { entryFileNames: 'assets/[name].js' } } },
});
