import { usageError } from '../../exits.ts';
import { pathOf } from '../../remote/api.ts';
import { defineRemoteCommand } from '../../remote/remote-command.ts';
import { SCHEDULE_OPTIONS, scheduleJson } from './schedule-options.ts';

const DEFAULT_COUNT = 10;

/** `millrace schedules preview`. */
export const schedulesPreview = defineRemoteCommand({
  name: 'schedules preview',
  summary: 'Show the next times of a schedule, or of one that does not exist yet',
  arguments: [{ name: 'ID', meaning: 'a schedule; without it, options say the times', optional: true }],
  options: {
    ...SCHEDULE_OPTIONS,
    count: {
      kind: 'integer',
      short: 'n',
      value: 'N',
      min: 1,
      max: 1_000,
      meaning: `how many times (default ${DEFAULT_COUNT})`,
    },
  },
  examples: [
    'millrace schedules preview nightly',
    `millrace schedules preview --cron '*/15 9-17 * * 1-5' -n 3`,
  ],
  run: async ({ args: [id], options: { count = DEFAULT_COUNT, ...options }, io, api, printer }) => {
    const query = { n: count };
    if (
      id === undefined &&
      options.cron === undefined &&
      options.every === undefined &&
      options.option.length === 0
    ) {
      throw usageError('Name a schedule, or give --cron or --every.\nSee: millrace schedules preview --help');
    }
    const { body } = await (id === undefined
      ? api.send<Times>({
          method: 'POST',
          path: '/schedules/preview',
          query,
          text: await scheduleJson(undefined, { ...options, task: options.task ?? 'preview' }, io),
        })
      : api.send<Times>({ method: 'GET', path: pathOf`/schedules/${id}/preview`, query }));
    for (const at of body.items) await printer.line({ at }, () => at);
    return undefined;
  },
});

interface Times {
  readonly items: readonly string[];
}
