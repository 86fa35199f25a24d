import { dev as runDev } from '../../../local/dev/dev.ts';
import { defineCommand } from '../../command.ts';
import { devLogLine } from '../../output/dev/log-line.ts';

export const dev = defineCommand({
  name: 'dev',
  summary: 'Run Redis, the API and a worker of your task files in this folder',
  notes: [
    'Jobs are kept in .millrace of this folder. The worker starts again when the task files change.',
    'With REDIS_URL that Redis is used, and none is started. Ctrl-C stops all.',
  ],
  arguments: [],
  options: {
    tasks: { kind: 'text', value: 'DIR', meaning: 'folder of the task files (default ./tasks)' },
    port: {
      kind: 'integer',
      value: 'PORT',
      min: 0,
      max: 65_535,
      meaning: 'where the API listens (default 3000; 0: any free port)',
    },
    queues: {
      kind: 'text',
      short: 'q',
      value: 'QUEUES',
      meaning: "queues of the worker, such as mails,images or '*' (default: default)",
    },
    json: { kind: 'flag', meaning: 'prints the addresses as a JSON document, once it is ready' },
  },
  examples: ['millrace dev', 'millrace dev --tasks ./jobs --port 4000'],
  run: ({ options, io }) => {
    const log = { paint: io.err.paint, dir: process.cwd() };
    const logLine = (part: string, line: string, showsAll: boolean) =>
      devLogLine(part, line, { ...log, showsAll });
    return runDev({ ...options, logLine });
  },
});
