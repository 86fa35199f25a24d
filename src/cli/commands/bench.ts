import { type Clock, systemClock } from '../../clock.ts';
import type { Job } from '../../schemas/job.ts';
import type { Options } from '../description.ts';
import { EXIT } from '../exits.ts';
import { createProgress } from '../output/progress.ts';
import { jsonText } from '../remote/payload.ts';
import { defineRemoteCommand, type RemoteInvocation } from '../remote/remote-command.ts';
import { hasEnded, watchJob } from '../remote/watch-job.ts';
import { jobJson } from './jobs/job-options.ts';

const OPTIONS = {
  jobs: {
    kind: 'integer',
    short: 'n',
    value: 'N',
    min: 1,
    max: 1_000_000,
    meaning: 'how many jobs (default 1000)',
  },
  concurrency: {
    kind: 'integer',
    short: 'c',
    value: 'N',
    min: 1,
    max: 1_000,
    meaning: 'how many at a time (default 32)',
  },
  task: { kind: 'text', value: 'TASK', meaning: 'the task (default: echo, which comes with Millrace)' },
  payload: { kind: 'text', value: 'PAYLOAD', meaning: 'its payload: JSON, @FILE, or - (default: {})' },
  queue: { kind: 'text', short: 'q', value: 'QUEUE', meaning: 'the queue (default: "default")' },
} as const satisfies Options;

interface Sample {
  readonly submitMs: number;
  readonly endMs: number;
  readonly isCompleted: boolean;
}

/** `millrace bench`. */
export const bench = defineRemoteCommand({
  name: 'bench',
  summary: 'Submit jobs, wait for their ends, and print rates and percentiles',
  notes: [
    'It is a small load over HTTP from one process, not the limit of the service.',
    'It needs a running worker with the task. A worker of your own task files has no echo: name one of them.',
  ],
  arguments: [],
  options: OPTIONS,
  examples: ['millrace bench', 'millrace bench --jobs 5000 --concurrency 100'],
  run: measure,
});

async function measure(invocation: RemoteInvocation<typeof OPTIONS>): Promise<number | undefined> {
  const { options, io, printer, stop } = invocation;
  const { jobs = 1_000, concurrency = 32, task = 'echo', queue, payload = '{}' } = options;
  const job = jobJson(task, { queue }, await jsonText(payload, 'The payload', io));
  const progress = createProgress(io.err, systemClock, 'jobs');
  const samples: Sample[] = [];
  const started = systemClock.monotonic();
  let begun = 0;
  const lane = async (): Promise<void> => {
    while (begun < jobs && !stop.aborted) {
      begun += 1;
      samples.push(await sampleOf(invocation, job, systemClock));
      await progress.show(samples.length, jobs);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(concurrency, jobs) }, lane));
  } finally {
    await progress.clear();
  }
  const seconds = (systemClock.monotonic() - started) / 1_000;
  const failed = samples.filter(({ isCompleted }) => !isCompleted).length;
  const result = {
    jobs: samples.length,
    failed,
    seconds: round(seconds),
    perSecond: round(samples.length / seconds),
    submitMs: percentilesOf(samples.map(({ submitMs }) => submitMs)),
    endMs: percentilesOf(samples.map(({ endMs }) => endMs)),
  };
  await printer.document(result, () => [
    ['jobs', `${result.jobs} in ${result.seconds} s: ${result.perSecond} a second`],
    ['failed', failed, failed > 0 ? 'red' : undefined],
    ['submit', percentilesText(result.submitMs)],
    ['to the end', percentilesText(result.endMs)],
  ]);
  return failed > 0 ? EXIT.failed : EXIT.done;
}

async function sampleOf(
  { api, stop }: RemoteInvocation<typeof OPTIONS>,
  text: string,
  clock: Clock,
): Promise<Sample> {
  const started = clock.monotonic();
  const first = await api.send<Job>({ method: 'POST', path: '/jobs', text });
  const submitMs = clock.monotonic() - started;
  let job = first.body;
  for await (const { body } of watchJob(api, job.id, { clock, stop, everyChange: false, first })) job = body;
  return {
    submitMs,
    endMs: clock.monotonic() - started,
    isCompleted: hasEnded(job) && job.status === 'completed',
  };
}

const round = (value: number): number => Math.round(value * 10) / 10;

type Percentiles = Readonly<Record<'p50' | 'p95' | 'p99' | 'max', number>>;

function percentilesOf(values: readonly number[]): Percentiles {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => round(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

const percentilesText = ({ p50, p95, p99, max }: Percentiles): string =>
  `p50 ${p50} ms, p95 ${p95} ms, p99 ${p99} ms, at most ${max} ms`;
