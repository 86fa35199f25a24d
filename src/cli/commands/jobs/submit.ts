import { systemClock } from '../../../clock.ts';
import type { Job } from '../../../schemas/job.ts';
import type { Options } from '../../description.ts';
import { usageError } from '../../exits.ts';
import { jobDetails } from '../../output/job-text.ts';
import { tellOutcome } from '../../output/outcome.ts';
import type { ValuesOf } from '../../parse.ts';
import type { Answer } from '../../remote/api.ts';
import { jsonText } from '../../remote/payload.ts';
import { defineRemoteCommand, type RemoteInvocation } from '../../remote/remote-command.ts';
import { hasEnded, watchJob } from '../../remote/watch-job.ts';
import { JOB_OPTIONS, jobJson, jobMembers } from './job-options.ts';

const OPTIONS = {
  wait: { kind: 'flag', short: 'w', meaning: 'waits for the end of the job and prints its result' },
  waitFor: { kind: 'text', value: 'TIME', meaning: 'as --wait, for at most this long' },
  ...JOB_OPTIONS,
  idempotencyKey: { kind: 'text', value: 'KEY', meaning: 'submits with the same key store one job' },
} as const satisfies Options;

/** `millrace submit`. */
export const submit = defineRemoteCommand({
  name: 'submit',
  summary: 'Submit a job and print its id, or wait for its result',
  arguments: [
    { name: 'TASK', meaning: 'the task that a worker runs' },
    { name: 'PAYLOAD', meaning: 'JSON, @FILE, or - for standard input', optional: true },
  ],
  options: OPTIONS,
  examples: [`millrace submit fib '{"n":100}' --wait`],
  run: submitJob,
});

async function submitJob(invocation: RemoteInvocation<typeof OPTIONS>): Promise<number | undefined> {
  const { args, options, io, api, printer } = invocation;
  const [task = '', word] = args;
  const payload = word === undefined ? undefined : await jsonText(word, 'The payload', io);
  const { idempotencyKey } = options;
  const answer = await api.send<Job>({
    method: 'POST',
    path: '/jobs',
    body: jobJson(task, jobMembers(options), payload),
    headers: idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey },
  });
  if (options.wait || options.waitFor !== undefined) return waitForResult(invocation, answer);
  if (printer.isJson) await printer.document(answer.body, () => jobDetails(answer.body), answer.text);
  else await io.out.write(`${answer.body.id}\n`);
  return undefined;
}

async function waitForResult(
  { options, io, api, printer, stop }: RemoteInvocation<typeof OPTIONS>,
  first: Answer<Job>,
): Promise<number> {
  const { id } = first.body;
  const limitMs = await limitOf(options);
  let job = first.body;
  for await (const answer of watchJob(api, id, {
    clock: systemClock,
    stop,
    everyChange: false,
    limitMs,
    first,
  })) {
    job = answer.body;
    if (!hasEnded(job)) continue;
    if (printer.isJson) await printer.document(job, () => jobDetails(job), answer.text);
    else if (job.status === 'completed') await printer.value(job.result);
  }
  return tellOutcome(job, io);
}

async function limitOf({ waitFor }: ValuesOf<typeof OPTIONS>): Promise<number | undefined> {
  if (waitFor === undefined) return undefined;
  const { durationMs } = await import('../../../schemas/values/duration.ts');
  try {
    return durationMs(waitFor);
  } catch {
    throw usageError(`--wait-for is ${JSON.stringify(waitFor)}: must be a time such as 30s, 5m or 2h.`);
  }
}
