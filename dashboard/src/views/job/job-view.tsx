import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { call } from '../../net/api.ts';
import { pathOf } from '../../net/places.ts';
import type { Job, JobEvent, Page, QueueStats, Worker } from '../../net/types.ts';
import {
  Badge,
  Card,
  Facts,
  Failure,
  Head,
  JobLink,
  Loading,
  QueueLink,
  StatusBadge,
  When,
} from '../../parts/bits.tsx';
import { duration } from '../../parts/format.ts';
import { JsonValue } from '../../parts/value.tsx';
import { useLoad } from '../../state/load.ts';
import { addressOf } from '../../state/router.ts';
import { JobActions } from './job-actions.tsx';
import { JobErrorCard } from './job-error.tsx';
import { JobLog } from './job-log.tsx';
import { ProgressCard } from './progress.tsx';
import { Timeline } from './timeline.tsx';

const LOOK_MS = 10_000;

/** A job with all that happened to it. */
export function JobView({ id }: { id: string }): JSX.Element {
  const { job, error } = useJob(id);
  return (
    <>
      <Head title={<span class="mono">{id}</span>} note={job && <Origin job={job} />}>
        {job !== undefined && <JobActions job={job} />}
      </Head>
      <Failure error={error} />
      {job === undefined ? error === undefined && <Loading /> : <Parts job={job} />}
    </>
  );
}

function Origin({ job }: { job: Job }): JSX.Element {
  return (
    <>
      <StatusBadge status={job.status} /> <strong>{job.task}</strong> in <QueueLink name={job.queue} />
      {job.status === 'queued' && <NoWorker queue={job.queue} />}
    </>
  );
}

/** Says why a job stays in its queue, if nobody takes jobs from there. */
function NoWorker({ queue }: { queue: string }): JSX.Element | undefined {
  const { data: isServed = true } = useLoad(
    `workers of ${queue}`,
    async (signal) => {
      // A lease tells of each worker with jobs, the list of workers of those that wait over HTTP.
      const { workers } = await call<QueueStats>(pathOf('queues', queue, 'stats'), { signal });
      if (workers.length > 0) return true;
      const list = await call<Page<Worker>>('workers', { signal, query: { queue, limit: 10 } });
      return list.items.some(({ draining }) => !draining) || (list.nextCursor ?? list.missing) !== undefined;
    },
    { everyMs: LOOK_MS },
  );
  if (isServed) return undefined;
  return <Badge tone="bad">No worker serves the queue {queue}.</Badge>;
}

/** The job, read again after each of its events. Its payload is read once: it may be large. */
function useJob(id: string): { job: Job | undefined; error: Error | undefined } {
  const kept = useRef<{ id: string; payload: unknown }>();
  const path = pathOf('jobs', id);
  const { data, error } = useLoad(
    `job ${id}`,
    async (signal) => {
      const isKept = kept.current?.id === id;
      const job = await call<Job>(path, { signal, ...(isKept && { query: { payload: false } }) });
      if (!isKept) kept.current = { id, payload: job.payload };
      return kept.current?.payload === undefined ? job : { ...job, payload: kept.current.payload };
    },
    {
      on: ({ job, type }: JobEvent) => {
        if (job !== id) return false;
        if (type === 'changed') kept.current = undefined;
        return type !== 'progress';
      },
    },
  );
  useEffect(() => {
    document.title = `${id} · Millrace`;
  }, [id]);
  return { job: data, error };
}

function Parts({ job }: { job: Job }): JSX.Element {
  const hasEnded = job.finishedAt !== undefined;
  return (
    <div class="columns">
      <div class="column">
        <ProgressCard job={job} />
        <JobErrorCard job={job} />
        {job.result !== undefined && (
          <Card title="Result">
            <JsonValue name="result" value={job.result} />
          </Card>
        )}
        <Card title="Payload">
          <JsonValue name="payload" value={job.payload ?? null} />
        </Card>
        {job.metadata !== undefined && (
          <Card title="Metadata">
            <JsonValue name="metadata" value={job.metadata} />
          </Card>
        )}
        {job.checkpoint !== undefined && (
          <Card title="Checkpoint">
            <JsonValue name="checkpoint" value={job.checkpoint} />
          </Card>
        )}
        <JobLog id={job.id} hasEnded={hasEnded} />
      </div>
      <div class="column is-narrow">
        <Card title="Timeline">
          <Timeline job={job} />
        </Card>
        <Card title="Details">
          <Details job={job} />
        </Card>
      </div>
    </div>
  );
}

function Details({ job }: { job: Job }): JSX.Element {
  const { startedAt, finishedAt, tags = [] } = job;
  const ranMs = startedAt && finishedAt ? Date.parse(finishedAt) - Date.parse(startedAt) : undefined;
  return (
    <Facts
      of={[
        ['Attempt', `${job.attempt} of ${job.maxAttempts}`],
        ['Priority', job.priority],
        ['Key', job.key],
        ['Waits for', job.heldBy],
        ['Worker', job.worker],
        ['Last run took', ranMs === undefined ? undefined : duration(ranMs)],
        ['Kept until', job.expiresAt === undefined ? undefined : <When at={job.expiresAt} />],
        ['Rerun of', job.rerunOf === undefined ? undefined : <JobLink id={job.rerunOf} />],
        ['Tags', tags.length === 0 ? undefined : <Tags tags={tags} />],
        ['Trace', job.trace?.traceparent],
      ]}
    />
  );
}

export function Tags({ tags }: { tags: readonly string[] }): JSX.Element {
  return (
    <span class="tags">
      {tags.map((tag) => (
        <a key={tag} class="tag" href={addressOf(['jobs'], { tag })}>
          {tag}
        </a>
      ))}
    </span>
  );
}
