import { defineCommand } from '../../command.ts';

export const worker = defineCommand({
  name: 'worker',
  summary: 'Run a worker of task files, on the Redis of REDIS_URL',
  notes: [
    'Its settings are environment variables, such as QUEUES and TASKS_DIR: docs/reference/configuration.md.',
  ],
  arguments: [],
  options: { json: { kind: 'flag', meaning: 'changes nothing: the log has a line of JSON for each entry' } },
  examples: ['TASKS_DIR=./tasks QUEUES=default,img-* millrace worker'],
  run: async () => {
    // It starts when it is loaded, in this process, which gets the signals.
    await import('../../../../workers/main.ts');
    return undefined;
  },
});
