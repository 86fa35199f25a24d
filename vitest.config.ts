import { defineConfig } from 'vitest/config';
import { PATIENCE_MS, TEST_LIMIT_MS } from './test/helpers/patience.ts';
import { LongTestsFirst } from './test/helpers/sequencer.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/helpers/build.mjs'],
    setupFiles: ['test/helpers/setup.ts'],
    // The test files of a process share its modules: loading them again costs each file a second.
    isolate: false,
    // Real processes and a real Redis on machines that are busy: a test that passes waits for events only.
    testTimeout: TEST_LIMIT_MS,
    hookTimeout: TEST_LIMIT_MS,
    expect: { poll: { timeout: PATIENCE_MS, interval: 5 } },
    // Tests wait for much of their time. Two cores idle for a quarter of it with three files at a time, for an eighth with four.
    maxWorkers: 4,
    sequence: { sequencer: LongTestsFirst },
  },
});
