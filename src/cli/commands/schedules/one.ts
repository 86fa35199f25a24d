import type { Schedule } from '../../../schemas/schedule.ts';
import type { Command } from '../../command.ts';
import { scheduleDetails } from '../../output/schedule-text.ts';
import { type Call, pathOf } from '../../remote/api.ts';
import { defineRemoteCommand } from '../../remote/remote-command.ts';

export const SCHEDULE_ID = { name: 'ID', meaning: 'the id of the schedule' } as const;

/** A command that asks for one schedule, and shows it. */
const ofOne = (verb: string, summary: string, method: Call['method'], suffix: string): Command =>
  defineRemoteCommand({
    name: `schedules ${verb}`,
    summary,
    arguments: [SCHEDULE_ID],
    options: {},
    examples: [`millrace schedules ${verb} nightly-report`],
    run: async ({ args: [id = ''], api, printer }) => {
      const path = pathOf`/schedules/${id}` + suffix;
      const { body, text } = await api.send<Schedule>({ method, path });
      await printer.document(body, () => scheduleDetails(body), text);
      return undefined;
    },
  });

/** `millrace schedules get`, `pause` and `resume`. */
export const schedulesGet = ofOne('get', 'Show a schedule and its progress', 'GET', '');
export const schedulesPause = ofOne('pause', 'Pause a schedule', 'POST', '/pause');
export const schedulesResume = ofOne('resume', 'Resume a schedule', 'POST', '/resume');
