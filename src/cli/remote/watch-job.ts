import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../clock.ts';
import type { Job } from '../../schemas/job.ts';
import { CliError, EXIT } from '../exits.ts';
import { type Answer, type Api, pathOf } from './api.ts';

export interface WatchOptions {
  readonly clock: Clock;
  readonly stop: AbortSignal;
  /** Yields each change, not only the end. */
  readonly everyChange: boolean;
  /** The job as an answer has just shown it. Default: it is read first. */
  readonly first?: Answer<Job>;
  /** Ends without the end of the job after that long, ms. Default: never. */
  readonly limitMs?: number | undefined;
}

/** Below the limits of common proxies. */
const POLL_MS = 30_000;
/** The API may restart meanwhile. */
const OUTAGE_MS = 60_000;
const RETRY_MS = 500;
const NOT_MODIFIED = 304;

export const hasEnded = ({ finishedAt }: Pick<Job, 'finishedAt'>): boolean => finishedAt !== undefined;

/** The job as it is, then its changes or its end, or how it is when the time is up. Goes on through a restart of the API. */
export async function* watchJob(api: Api, id: string, options: WatchOptions): AsyncGenerator<Answer<Job>> {
  const { clock, everyChange, limitMs = Number.POSITIVE_INFINITY } = options;
  const until = clock.monotonic() + limitMs;
  let answer = options.first ?? (await readJob(api, id, 0, undefined));
  yield answer;
  let isTold = true;
  while (!hasEnded(answer.body) && clock.monotonic() < until) {
    const waitMs = Math.max(1, Math.min(POLL_MS, until - clock.monotonic()));
    const etag = everyChange ? answer.headers.get('etag') : null;
    const next = await readThroughOutage(api, id, waitMs, etag ?? undefined, options);
    if (next.status === NOT_MODIFIED) continue;
    answer = next;
    isTold = everyChange || hasEnded(answer.body);
    if (isTold) yield answer;
  }
  if (!isTold) yield answer;
}

const readJob = (api: Api, id: string, waitMs: number, etag: string | undefined): Promise<Answer<Job>> =>
  api.send<Job>({
    method: 'GET',
    path: pathOf`/jobs/${id}`,
    query: waitMs === 0 ? {} : { wait: (waitMs / 1_000).toFixed(3) },
    waitMs,
    ...(etag === undefined ? {} : { headers: { 'if-none-match': etag } }),
  });

/** The first read tells whether there is an API at all; after it a fault may pass. */
async function readThroughOutage(
  api: Api,
  id: string,
  waitMs: number,
  etag: string | undefined,
  { clock, stop }: WatchOptions,
): Promise<Answer<Job>> {
  for (const until = clock.monotonic() + OUTAGE_MS; ; ) {
    try {
      return await readJob(api, id, waitMs, etag);
    } catch (error) {
      const isPassing = error instanceof CliError && error.exitCode === EXIT.unreachable;
      if (!isPassing || stop.aborted || clock.monotonic() > until) throw error;
      await sleep(RETRY_MS, undefined, { signal: stop });
    }
  }
}
