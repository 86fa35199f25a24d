import type { JSX } from 'preact';
import { useCallback, useMemo, useState } from 'preact/hooks';
import { all } from '../net/api.ts';
import { API_ROOT } from '../net/places.ts';
import type { QueueSummary, Readiness } from '../net/types.ts';
import { Badge, Empty, Failure, Head, Loading } from '../parts/bits.tsx';
import { SearchField } from '../parts/fields.tsx';
import { brief, count, duration, plural, rate } from '../parts/format.ts';
import { List } from '../parts/list.tsx';
import { Spark } from '../parts/spark.tsx';
import { TILES } from '../parts/tiles.ts';
import { useLoad } from '../state/load.ts';
import { addressOf, place, setQuery } from '../state/router.ts';
import { useSignal } from '../state/signal.ts';
import { type Reading, useReadings } from '../state/stats.ts';

const EVERY_MS = 5_000;

/** The most queues that are shown. */
const MOST = 10_000;

export function Overview(): JSX.Element {
  const { data, error } = useLoad('queues', (signal) => all<QueueSummary>('queues', {}, signal, MOST), {
    everyMs: EVERY_MS,
    on: () => true,
  });
  const search = useSignal(place).query.get('q') ?? '';
  const found = useMemo(
    () => data?.filter(({ name }) => name.toLowerCase().includes(search.toLowerCase())) ?? [],
    [data, search],
  );
  const [seen, setSeen] = useState<readonly string[]>([]);
  const onRange = useCallback(
    (first: number, last: number) => setSeen(found.slice(first, last).map(({ name }) => name)),
    [found],
  );
  const readings = useReadings(seen);

  return (
    <>
      <Head title="Queues" note={data && plural(data.length, 'queue')}>
        <SearchField label="Search queues" value={search} onInput={(q) => setQuery({ q })} />
      </Head>
      <RedisWarning />
      <Failure error={error} />
      {data === undefined ? error === undefined && <Loading /> : <Sums queues={data} />}
      {data !== undefined && found.length === 0 && <NoQueues isSearch={search !== ''} />}
      {found.length > 0 && (
        <List
          label="Queues"
          items={found}
          keyOf={nameOf}
          hrefOf={({ name }) => addressOf(['queues', name])}
          onRange={onRange}
          columns={columnsOf(readings)}
        />
      )}
    </>
  );
}

const nameOf = ({ name }: QueueSummary): string => name;

function columnsOf(readings: ReadonlyMap<string, Reading>) {
  const readingOf = ({ name }: QueueSummary) => readings.get(name);
  const amount = (kind: keyof QueueSummary['counts'], name: string, width = '') => ({
    name,
    kind: `number ${width}`,
    cell: ({ counts }: QueueSummary) => <Amount kind={kind} value={counts[kind]} />,
  });
  return [
    {
      name: 'Queue',
      kind: 'grow',
      cell: (queue: QueueSummary) => <QueueName queue={queue} reading={readingOf(queue)} />,
    },
    amount('queued', 'Waiting'),
    amount('running', 'Running', 'mid'),
    amount('scheduled', 'Scheduled', 'wide'),
    amount('retrying', 'Retrying', 'wide'),
    amount('failed', 'Failed'),
    {
      name: 'Oldest',
      kind: 'number wide',
      cell: (queue: QueueSummary) => {
        const ms = readingOf(queue)?.stats.oldestQueuedMs ?? 0;
        return ms > 0 ? duration(ms) : <span class="faint">–</span>;
      },
    },
    {
      name: 'Per minute',
      kind: 'trend wide',
      cell: (queue: QueueSummary) => <Trend reading={readingOf(queue)} />,
    },
  ];
}

function QueueName({ queue, reading }: { queue: QueueSummary; reading: Reading | undefined }): JSX.Element {
  const isAlone = reading !== undefined && reading.stats.workers.length === 0;
  return (
    <>
      <span class="name">{queue.name}</span>
      {queue.paused && <Badge tone="warn">paused</Badge>}
      {isAlone && (
        <Badge tone={queue.counts.queued > 0 ? 'bad' : 'plain'} title="No worker has a lease on this queue">
          no workers
        </Badge>
      )}
    </>
  );
}

export function Amount({ kind, value }: { kind: string; value: number }): JSX.Element {
  return (
    <span class={value === 0 ? 'faint' : `amount is-${kind}`} title={count(value)}>
      {brief(value)}
    </span>
  );
}

function Trend({ reading }: { reading: Reading | undefined }): JSX.Element | null {
  if (reading === undefined) return null;
  const { completedPerMin, failedPerMin } = reading.stats.rates;
  const label = `${rate(completedPerMin)} completed and ${rate(failedPerMin)} failed per minute`;
  return (
    <>
      <Spark values={reading.samples.map(({ completed }) => completed)} label={label} />
      <span class="trend-value" title={label}>
        {rate(completedPerMin)}
      </span>
    </>
  );
}

function Sums({ queues }: { queues: readonly QueueSummary[] }): JSX.Element {
  return (
    <div class="tiles">
      {TILES.map(([kind, name]) => {
        const sum = queues.reduce((total, { counts }) => total + counts[kind], 0);
        return <Tile key={kind} kind={kind} name={name} value={sum} />;
      })}
    </div>
  );
}

export function Tile({
  kind,
  name,
  value,
  href,
}: {
  kind: string;
  name: string;
  value: number;
  href?: string;
}): JSX.Element {
  const inner = (
    <>
      <span class="tile-name">{name}</span>
      <strong class={value === 0 ? 'faint' : `amount is-${kind}`}>{count(value)}</strong>
    </>
  );
  return href === undefined ? (
    <div class="tile">{inner}</div>
  ) : (
    <a class="tile" href={href}>
      {inner}
    </a>
  );
}

function NoQueues({ isSearch }: { isSearch: boolean }): JSX.Element {
  return isSearch ? (
    <Empty title="No queue has this in its name" />
  ) : (
    <Empty title="No queues yet">
      <p>A queue appears with its first job, or with the first worker that serves it.</p>
      <a class="button primary" href={addressOf(['submit'])}>
        Submit a job
      </a>
    </Empty>
  );
}

/** Says whether jobs may get lost, or cannot be stored. */
function RedisWarning(): JSX.Element | null {
  const { data } = useLoad('readiness', readReadiness, { everyMs: 2 * EVERY_MS });
  if (data === undefined) return null;
  const faults = [...data.reasons, ...(data.warnings ?? [])];
  const isSafe = data.ready && faults.length === 0 && data.durability === 'always';
  if (isSafe) return null;
  const fallback = `Redis writes with appendfsync ${data.durability}: a crash may lose the newest jobs.`;
  return (
    <div class="banner is-warn">
      <Badge tone={data.ready ? 'warn' : 'bad'}>{data.ready ? 'Redis unsafe' : 'not ready'}</Badge>
      <span>{faults.join(' · ') || fallback}</span>
    </div>
  );
}

/** `/readyz` says by 503 that the service is not ready, and why. */
async function readReadiness(signal: AbortSignal): Promise<Readiness> {
  const response = await fetch(new URL('readyz', API_ROOT), { cache: 'no-store', signal });
  return (await response.json()) as Readiness;
}
