import { newIdempotencyKey } from '../../../client/http/idempotency.ts';
import type { Job } from '../../../schemas/job.ts';
import { jobDetails } from '../../output/job-text.ts';
import { pathOf } from '../../remote/api.ts';
import { defineRemoteCommand } from '../../remote/remote-command.ts';
import { SCHEDULE_ID } from './one.ts';

/** `millrace schedules run`. */
export const schedulesRun = defineRemoteCommand({
  name: 'schedules run',
  summary: 'Submit the job of a schedule now',
  arguments: [SCHEDULE_ID],
  options: {},
  examples: ['millrace schedules run nightly'],
  run: async ({ args: [id = ''], api, printer }) => {
    const { body, text } = await api.send<Job>({
      method: 'POST',
      path: pathOf`/schedules/${id}/run`,
      headers: { 'idempotency-key': newIdempotencyKey() },
      isRepeatable: true,
    });
    await printer.document(body, () => jobDetails(body), text);
    return undefined;
  },
});
