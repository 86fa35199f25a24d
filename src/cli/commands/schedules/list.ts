import type { Schedule } from '../../../schemas/schedule.ts';
import { SCHEDULE_COLUMNS } from '../../output/schedule-text.ts';
import { pagesOf, printPages } from '../../remote/pages.ts';
import { defineRemoteCommand } from '../../remote/remote-command.ts';

/** `millrace schedules list`. */
export const schedulesList = defineRemoteCommand({
  name: 'schedules list',
  summary: 'List the schedules',
  arguments: [],
  options: {
    queue: { kind: 'text', short: 'q', value: 'QUEUE', meaning: 'only those whose jobs go to this queue' },
  },
  examples: ['millrace schedules list'],
  run: async ({ options, io, api, printer }) => {
    const request = { path: '/schedules', query: options, err: io.err };
    await printPages(pagesOf<Schedule>(api, request), printer.list(SCHEDULE_COLUMNS));
    return undefined;
  },
});
