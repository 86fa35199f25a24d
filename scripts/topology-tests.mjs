/** Folders of tests that see the service as its clients do, and need no server of their own kind. */
const FOLDERS = ['test/routes', 'test/events', 'test/schedules', 'test/subscriptions', 'test/workers'];

/** Files that are left out, by their topology: test/README.md says why. */
const LEFT_OUT = {
  cluster: [
    'test/routes/health/**',
    'test/workers/embedded/redis-restart.test.ts',
    'test/workers/intake/redis-trouble.test.ts',
    'test/workers/run/persistent-writer.test.ts',
  ],
  sentinel: ['test/routes/health/**'],
};

/** Arguments for Vitest: the files that are named, or else all that can run on this topology. */
export const topologyTests = (topology, named) =>
  named.length > 0 ? named : [...FOLDERS, ...LEFT_OUT[topology].flatMap((file) => ['--exclude', file])];
