import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { all, call } from '../net/api.ts';
import { pathOf } from '../net/places.ts';
import type { Job, QueueSummary } from '../net/types.ts';
import { ActButton } from '../parts/act.tsx';
import { Card, Empty, Failure, Head, JobLink, Loading, QueueLink, When } from '../parts/bits.tsx';
import { count, plural } from '../parts/format.ts';
import { useCanManage } from '../state/abilities.ts';
import { type Bulk, runBulk } from '../state/bulk.ts';
import { useLoad } from '../state/load.ts';
import { usePages } from '../state/pages.ts';
import { addressOf } from '../state/router.ts';

/** The longest text that the API takes to select jobs by their error. */
const MAX_ERROR = 1_000;
const LIMIT = 1_000;
const SAMPLES = 5;
const SHOWN_GROUPS = 100;

/** Queues with dead letters. */
export function DeadQueues(): JSX.Element {
  const { data, error } = useLoad('queues', (signal) => all<QueueSummary>('queues', {}, signal), {
    everyMs: 5_000,
    on: ({ type }) => type === 'failed' || type === 'requeued',
  });
  const queues = data
    ?.filter(({ counts }) => counts.failed > 0)
    .sort((a, b) => b.counts.failed - a.counts.failed);
  return (
    <>
      <Head title="Dead letters" note="Jobs whose attempts are spent" />
      <Failure error={error} />
      {queues === undefined && error === undefined && <Loading />}
      {queues?.length === 0 && (
        <Empty title="No dead letters">Every job so far has ended well, or may still.</Empty>
      )}
      {queues !== undefined && queues.length > 0 && (
        <Card>
          <ul class="lines">
            {queues.map(({ name, counts }) => (
              <li key={name}>
                <a class="grow row-name" href={addressOf(['dead', name])}>
                  {name}
                </a>
                <span class="amount is-failed">{plural(counts.failed, 'dead letter')}</span>
              </li>
            ))}
          </ul>
        </Card>
      )}
    </>
  );
}

interface Group {
  readonly text: string;
  readonly jobs: readonly Job[];
  readonly tasks: readonly string[];
}

/** As the API reads it to select jobs. */
const textOf = ({ error }: Job): string =>
  error === undefined ? '' : error.name === undefined ? error.message : `${error.name}: ${error.message}`;

function groupsOf(jobs: readonly Job[]): Group[] {
  const groups = new Map<string, Job[]>();
  for (const job of jobs) {
    const text = textOf(job);
    const group = groups.get(text);
    if (group === undefined) groups.set(text, [job]);
    else group.push(job);
  }
  return [...groups]
    .map(([text, members]) => ({
      text,
      jobs: members,
      tasks: [...new Set(members.map(({ task = '' }) => task))],
    }))
    .sort((a, b) => b.jobs.length - a.jobs.length);
}

/** The dead letters of a queue, grouped by their error. */
export function DeadLetters({ queue }: { queue: string }): JSX.Element {
  const { items, isWhole, isLoading, error, more } = usePages<Job>(`${pathOf('queues', queue)}/jobs`, {
    status: 'failed',
    payload: false,
  });
  const groups = useMemo(() => groupsOf(items), [items]);
  const mayManage = useCanManage(queue);
  return (
    <>
      <Head
        title="Dead letters"
        note={
          <>
            <QueueLink name={queue} /> has {count(items.length)}
            {!isWhole && ' or more'}, with {plural(groups.length, 'error')}
          </>
        }
      >
        {!isWhole && (
          <button type="button" disabled={isLoading} onClick={more}>
            {isLoading ? 'Reading…' : 'Read more'}
          </button>
        )}
        <a class="button" href={addressOf(['jobs'], { queue, status: 'failed' })}>
          As a list
        </a>
      </Head>
      <Failure error={error} />
      {groups.length === 0 && (isLoading ? <Loading /> : <Empty title="No dead letters" />)}
      {groups.slice(0, SHOWN_GROUPS).map((group) => (
        <GroupCard key={group.text} queue={queue} group={group} mayManage={mayManage} />
      ))}
      {groups.length > SHOWN_GROUPS && (
        <p class="note">{plural(groups.length - SHOWN_GROUPS, 'more error')}</p>
      )}
    </>
  );
}

function GroupCard({
  queue,
  group,
  mayManage,
}: {
  queue: string;
  group: Group;
  mayManage: boolean;
}): JSX.Element {
  const { text, jobs, tasks } = group;
  return (
    <Card className="group">
      <div class="group-head">
        <div>
          <p class="error-message">{text || 'No error was reported'}</p>
          <p class="error-facts">
            <span>{tasks.slice(0, SAMPLES).join(', ')}</span>
            <span>
              last{' '}
              <When
                at={
                  jobs.reduce((last, { finishedAt = '' }) => (finishedAt > last ? finishedAt : last), '') ||
                  undefined
                }
              />
            </span>
          </p>
        </div>
        <span class="group-count">{count(jobs.length)}</span>
        {mayManage && text !== '' && (
          <span class="actions">
            <ActButton run={() => runBulk(bulkOf(queue, group, 'retry'))}>Retry…</ActButton>
            <ActButton class="danger" run={() => runBulk(bulkOf(queue, group, 'purge'))}>
              Purge…
            </ActButton>
          </span>
        )}
      </div>
      <p class="samples">
        {jobs.slice(0, SAMPLES).map(({ id }) => (
          <JobLink key={id} id={id} />
        ))}
      </p>
    </Card>
  );
}

function bulkOf(queue: string, { text }: Group, verb: 'retry' | 'purge'): Bulk {
  const error = text.slice(0, MAX_ERROR);
  const isRetry = verb === 'retry';
  return {
    verb,
    done: isRetry ? 'retried' : 'purged',
    isDangerous: !isRetry,
    textOf: (jobs) =>
      isRetry
        ? `${jobs} of ${queue}, whose error has this text, wait to run again, each with all its attempts.`
        : `${jobs} of ${queue}, whose error has this text, are deleted with their payloads. Nobody can bring them back.`,
    list: {
      path: `${pathOf('queues', queue)}/jobs`,
      query: { status: 'failed' },
      fits: (job) => textOf(job as Job).includes(error),
    },
    step: (cursor, signal) =>
      isRetry
        ? call(`${pathOf('queues', queue)}/dead/retry`, {
            method: 'POST',
            body: { error, limit: LIMIT, ...(cursor !== undefined && { cursor }) },
            signal,
          })
        : call(`${pathOf('queues', queue)}/dead`, {
            method: 'DELETE',
            query: { error, limit: LIMIT, cursor },
            signal,
          }),
  };
}
