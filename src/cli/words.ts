/** Commands that share their first word. */
export const GROUPS: Readonly<Record<string, string>> = {
  dead: 'List, retry and purge the failed jobs of a queue',
  schedules: 'List, put, delete, pause, resume, run and preview schedules',
  keys: 'List, create and delete the keys of clients',
  workers: 'List and drain workers',
};

/** Options that take the next word as their value, if they stand before the command. */
export const WITH_VALUE: readonly string[] = ['--url', '--key-file'];
