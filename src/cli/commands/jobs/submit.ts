import { newIdempotencyKey } from '../../../client/http/idempotency.ts';
import { systemClock } from '../../../clock.ts';
import type { Job } from '../../../schemas/job.ts';
import { durationMs } from '../../../schemas/values/duration-text.ts';
import type { Options } from '../../description.ts';
import { usageError } from '../../exits.ts';
import { jobDetails } from '../../output/job-text.ts';
import { tellOutcome } from '../../output/outcome.ts';
import { type ValuesOf, wordsOf } from '../../parse.ts';
import type { Answer } from '../../remote/api.ts';
import { submitLines } from '../../remote/lines/submit-lines.ts';
import { hintAtNoWorker } from '../../remote/no-worker.ts';
import { jsonText } from '../../remote/payload.ts';
import { defineRemoteCommand, type RemoteInvocation } from '../../remote/remote-command.ts';
import { watchJob } from '../../remote/watch-job.ts';
import { JOB_OPTIONS, jobJson, jobMembers } from './job-options.ts';

const OPTIONS = {
  ndjson: { kind: 'text', value: 'FILE', meaning: 'submits each line of a file; - is standard input' },
  fromLine: {
    kind: 'integer',
    value: 'N',
    min: 1,
    max: 1e15,
    meaning: 'with --ndjson: goes on at this line',
  },
  run: {
    kind: 'text',
    value: 'NAME',
    meaning: 'with --ndjson: the interrupted run to go on with',
  },
  wait: { kind: 'flag', short: 'w', meaning: 'waits for the end of the job and prints its result' },
  waitFor: { kind: 'text', value: 'TIME', meaning: 'as --wait, for at most this long' },
  ...JOB_OPTIONS,
  idempotencyKey: { kind: 'text', value: 'KEY', meaning: 'submits with the same key store one job' },
} as const satisfies Options;

/** `millrace submit`. */
export const submit = defineRemoteCommand({
  name: 'submit',
  summary: 'Submit a job and print its id, or wait for its result',
  notes: [
    'Submits many with --ndjson FILE or @FILE.ndjson: each line is the payload of a job, or without TASK',
    'a whole job as for POST /jobs. Ctrl-C stops it after a piece, and it says how to go on.',
  ],
  arguments: [
    { name: 'TASK', meaning: 'the task that a worker runs', optional: true },
    { name: 'PAYLOAD', meaning: 'JSON, @FILE, or - for standard input', optional: true },
  ],
  options: OPTIONS,
  isLongWork: true,
  examples: [`millrace submit fib '{"n":100}' --wait`, 'millrace submit welcome --ndjson users.ndjson'],
  run: submitJobs,
});

const LINES_FILE = /^@(.+\.(?:ndjson|jsonl))$/;

async function submitJobs(invocation: RemoteInvocation<typeof OPTIONS>): Promise<number | undefined> {
  const { args, options } = invocation;
  const named = LINES_FILE.exec(args.at(-1) ?? '')?.[1];
  const file = options.ndjson ?? named;
  const [task] = named === undefined ? args : args.slice(0, -1);
  if (file !== undefined) return submitFile(invocation, task, file);
  if (task === undefined) throw usageError('TASK is missing.\nSee: millrace submit --help');
  return submitJob(invocation, task);
}

function submitFile(
  invocation: RemoteInvocation<typeof OPTIONS>,
  task: string | undefined,
  file: string,
): Promise<number> {
  const { options, commonWords } = invocation;
  const { wait, waitFor, ndjson, run, fromLine = 1, idempotencyKey, ...rest } = options;
  const members = jobMembers(rest);
  if (wait || waitFor !== undefined || idempotencyKey !== undefined) {
    throw usageError('--wait, --wait-for and --idempotency-key are for a single job.');
  }
  if (task === undefined && Object.keys(members).length > 0) {
    throw usageError('Without TASK each line is a whole job: write its options into the line.');
  }
  const jobOf = task === undefined ? (line: string) => line : (line: string) => jobJson(task, members, line);
  const named = [...(task === undefined ? [] : [task]), '--ndjson', file];
  const words = ['submit', ...named, ...wordsOf(JOB_OPTIONS, rest), ...commonWords];
  return submitLines(invocation, { file, fromLine, run, jobOf, words });
}

async function submitJob(
  invocation: RemoteInvocation<typeof OPTIONS>,
  task: string,
): Promise<number | undefined> {
  const { args, options, io, api, printer } = invocation;
  const [, word] = args;
  const payload = word === undefined ? undefined : await jsonText(word, 'The payload', io);
  const { idempotencyKey = newIdempotencyKey() } = options;
  const answer = await api.send<Job>({
    method: 'POST',
    path: '/jobs',
    text: jobJson(task, jobMembers(options), payload),
    headers: { 'idempotency-key': idempotencyKey },
    isRepeatable: true,
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
  const limitMs = limitOf(options);
  let last = first;
  const end = new AbortController();
  const hinting = hintAtNoWorker(api, first.body, io.err, AbortSignal.any([stop, end.signal]));
  const watching = { clock: systemClock, stop, everyChange: false, limitMs, first };
  try {
    for await (const answer of watchJob(api, id, watching)) last = answer;
  } finally {
    end.abort();
    await hinting;
  }
  const job = last.body;
  if (printer.isJson) await printer.document(job, () => jobDetails(job), last.text);
  else if (job.status === 'completed') await printer.value(job.result);
  return tellOutcome(job, io);
}

function limitOf({ waitFor }: ValuesOf<typeof OPTIONS>): number | undefined {
  if (waitFor === undefined) return undefined;
  try {
    return durationMs(waitFor);
  } catch {
    throw usageError(`--wait-for is ${JSON.stringify(waitFor)}: must be a time such as 30s, 5m or 2h.`);
  }
}
