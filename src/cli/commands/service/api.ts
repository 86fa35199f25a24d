import { defineCommand } from '../../command.ts';

export const api = defineCommand({
  name: 'api',
  summary: 'Run the API, on the Redis of REDIS_URL',
  notes: ['Its settings are environment variables, such as HOST and PORT: docs/reference/configuration.md.'],
  arguments: [],
  options: { json: { kind: 'flag', meaning: 'changes nothing: the log has a line of JSON for each entry' } },
  examples: ['REDIS_URL=redis://redis.internal:6379 millrace api'],
  run: async () => {
    // It starts when it is loaded, in this process, which gets the signals.
    await import('../../../server.ts');
    return undefined;
  },
});
