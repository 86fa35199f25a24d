import { inert } from '../../output/inert.ts';
import { pathOf } from '../../remote/api.ts';
import { defineRemoteCommand } from '../../remote/remote-command.ts';
import { SCHEDULE_ID } from './one.ts';

/** `millrace schedules delete`. */
export const schedulesDelete = defineRemoteCommand({
  name: 'schedules delete',
  summary: 'Remove a schedule; its jobs stay',
  arguments: [SCHEDULE_ID],
  options: {},
  examples: ['millrace schedules delete nightly'],
  run: async ({ args: [id = ''], api, printer }) => {
    await api.send({ method: 'DELETE', path: pathOf`/schedules/${id}` });
    await printer.line({ id, deleted: true }, () => `Schedule ${inert(id)} is removed.`);
    return undefined;
  },
});
