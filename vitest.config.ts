import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/helpers/build.mjs'],
    // Real processes and a real Redis: patience for slow machines; a test that passes waits for events only.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Each file has a Redis and processes of its own; more of them at a time only get in each other's way.
    maxWorkers: 2,
  },
});
