import { systemClock } from '../../../clock.ts';
import type { Job } from '../../../schemas/job.ts';
import { jobDetails } from '../../output/job-text.ts';
import { tellOutcome } from '../../output/outcome.ts';
import { pathOf } from '../../remote/api.ts';
import { printLog } from '../../remote/job-log.ts';
import { noWorkerHint } from '../../remote/no-worker.ts';
import { defineRemoteCommand } from '../../remote/remote-command.ts';
import { watchJob } from '../../remote/watch-job.ts';

/** `millrace get`. */
export const get = defineRemoteCommand({
  name: 'get',
  summary: 'Show a job or its log, or follow it until it ends',
  arguments: [{ name: 'ID', meaning: 'the id of the job' }],
  options: {
    watch: {
      kind: 'flag',
      short: 'w',
      meaning: 'shows each change until the job ends; exits with 1 unless it completes',
    },
    log: {
      kind: 'flag',
      short: 'l',
      meaning: 'shows the lines of its log that are kept; with --watch new ones, too',
    },
  },
  examples: [
    'millrace get default~nmwtip4d3-0',
    'millrace get default~nmwtip4d3-0 --watch',
    'millrace get default~nmwtip4d3-0 --log --watch',
  ],
  run: async (invocation) => {
    const { args, options, io, api, printer, stop } = invocation;
    const [id = ''] = args;
    if (options.log) return printLog(invocation, id, options.watch);
    const hintFor = async (job: Job) => (printer.isJson ? undefined : noWorkerHint(api, job));
    if (!options.watch) {
      const { body, text } = await api.send<Job>({ method: 'GET', path: pathOf`/jobs/${id}` });
      const hint = await hintFor(body);
      await printer.document(body, () => jobDetails(body, hint), text);
      return undefined;
    }
    let last: Job | undefined;
    for await (const { body, text } of watchJob(api, id, { clock: systemClock, stop, everyChange: true })) {
      last = body;
      const hint = await hintFor(body);
      await printer.redraw(body, () => jobDetails(body, hint), text);
    }
    return last && tellOutcome(last, io);
  },
});
