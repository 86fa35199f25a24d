import type { Schedule } from '../../../schemas/schedule.ts';
import { scheduleDetails } from '../../output/schedule-text.ts';
import { pathOf } from '../../remote/api.ts';
import { defineRemoteCommand } from '../../remote/remote-command.ts';
import { SCHEDULE_ID } from './one.ts';
import { SCHEDULE_OPTIONS, scheduleJson } from './schedule-options.ts';

/** `millrace schedules put`. */
export const schedulesPut = defineRemoteCommand({
  name: 'schedules put',
  summary: 'Create or replace a schedule',
  arguments: [
    SCHEDULE_ID,
    { name: 'SCHEDULE', meaning: 'the schedule as JSON, @FILE or -, without options', optional: true },
  ],
  options: SCHEDULE_OPTIONS,
  examples: [`millrace schedules put nightly --cron '0 3 * * *' --task report`],
  run: async ({ args: [id = '', document], options, io, api, printer }) => {
    const path = pathOf`/schedules/${id}`;
    const { body, text } = await api.send<Schedule>({
      method: 'PUT',
      path,
      text: await scheduleJson(document, options, io),
    });
    await printer.document(body, () => scheduleDetails(body), text);
    return undefined;
  },
});
