import type { JSX } from 'preact';
import { call } from '../../net/api.ts';
import { pathOf } from '../../net/places.ts';
import type { QueueStats, QueueSummary } from '../../net/types.ts';
import { Badge, Card, Facts, Failure, Head, Loading, When } from '../../parts/bits.tsx';
import { bytes, count, duration } from '../../parts/format.ts';
import { TILES } from '../../parts/tiles.ts';
import { useCanManage } from '../../state/abilities.ts';
import { type Loaded, useLoad } from '../../state/load.ts';
import { addressOf } from '../../state/router.ts';
import { useReading } from '../../state/stats.ts';
import { Tile } from '../overview.tsx';
import { QueueActions } from './queue-actions.tsx';
import { QueueCharts } from './queue-charts.tsx';
import { SettingsCard } from './settings.tsx';
import { QueueSubscriptions } from './subscriptions.tsx';

/** A queue: how it does, its limits, and what can be done with it. */
export function QueueView({ name }: { name: string }): JSX.Element {
  const queue = useQueue(name);
  const { reading, error } = useReading(name);
  const mayManage = useCanManage(name);
  const { data } = queue;
  return (
    <>
      <Head title={name} note={data && <State queue={data} stats={reading?.stats} />}>
        {data !== undefined && <QueueActions queue={data} />}
      </Head>
      <Failure error={error ?? queue.error} />
      {data === undefined && queue.error === undefined && <Loading />}
      {data !== undefined && <Counts queue={data} />}
      {reading !== undefined && data !== undefined && (
        <>
          <QueueCharts reading={reading} />
          <div class="columns">
            <div class="column">
              <Workers stats={reading.stats} />
              {mayManage && <SettingsCard key={name} queue={data} />}
            </div>
            <div class="column is-narrow">
              <Card title="Latency">
                <Latency stats={reading.stats} />
              </Card>
              <Card title="In all">
                <Totals stats={reading.stats} />
              </Card>
              <QueueSubscriptions queue={name} mayManage={mayManage} />
            </div>
          </div>
        </>
      )}
    </>
  );
}

function useQueue(name: string): Loaded<QueueSummary> {
  return useLoad(`queue ${name}`, (signal) => call<QueueSummary>(pathOf('queues', name), { signal }), {
    everyMs: 10_000,
    on: ({ queue }) => queue === name,
  });
}

function State({ queue, stats }: { queue: QueueSummary; stats: QueueStats | undefined }): JSX.Element {
  const { paused, pausedUntil } = queue;
  return (
    <span class="badges">
      {paused && (
        <Badge tone="warn">
          paused{pausedUntil !== undefined && ', resumes '}
          <When at={pausedUntil} />
        </Badge>
      )}
      {stats?.workers.length === 0 && (
        <Badge tone={queue.counts.queued > 0 ? 'bad' : 'plain'}>no workers</Badge>
      )}
      {stats !== undefined && stats.oldestQueuedMs > 0 && (
        <span>The oldest job has waited {duration(stats.oldestQueuedMs)}</span>
      )}
      {!paused && stats?.oldestQueuedMs === 0 && stats.workers.length > 0 && (
        <Badge tone="good">working</Badge>
      )}
    </span>
  );
}

function Counts({ queue: { name, counts } }: { queue: QueueSummary }): JSX.Element {
  return (
    <div class="tiles">
      {TILES.map(([status, title]) => (
        <Tile
          key={status}
          kind={status}
          name={title}
          value={counts[status]}
          href={
            status === 'failed' ? addressOf(['dead', name]) : addressOf(['jobs'], { queue: name, status })
          }
        />
      ))}
    </div>
  );
}

function Workers({ stats: { workers } }: { stats: QueueStats }): JSX.Element {
  return (
    <Card title="Workers" aside={<span class="note">{count(workers.length)}</span>}>
      {workers.length === 0 ? (
        <p class="note">No worker has a lease on this queue, so its jobs wait.</p>
      ) : (
        <ul class="lines">
          {workers.slice(0, 50).map(({ name, host, running, leaseExpiresAt }) => (
            <li key={name}>
              <span class="mono grow" title={name}>
                {host} <span class="faint">{name}</span>
              </span>
              <span>{count(running)} running</span>
              <span class="note">
                lease ends <When at={leaseExpiresAt} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function Latency({ stats: { latency } }: { stats: QueueStats }): JSX.Element {
  const { waitMs, runMs } = latency;
  if (waitMs === undefined && runMs === undefined) return <p class="note">No job ran in the last minutes.</p>;
  return (
    <table class="figures">
      <thead>
        <tr>
          <td />
          <th scope="col">Median</th>
          <th scope="col">95 %</th>
          <th scope="col">99 %</th>
        </tr>
      </thead>
      <tbody>
        {[['Wait', waitMs] as const, ['Run', runMs] as const].map(([name, at]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            {[at?.p50, at?.p95, at?.p99].map((ms, i) => (
              <td key={`${name} ${i}`}>{ms === undefined ? '–' : duration(ms)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Totals({ stats: { totals, held, memoryBytes } }: { stats: QueueStats }): JSX.Element {
  const heldBy = Object.entries(held).filter(([, jobs]) => jobs > 0);
  return (
    <Facts
      of={[
        ['Submitted', count(totals.submitted)],
        ['Completed', count(totals.completed)],
        ['Failed', count(totals.failed)],
        ['Retried', count(totals.retried)],
        ['Cancelled', count(totals.cancelled)],
        ['Expired', count(totals.expired)],
        ['Recovered', count(totals.recovered)],
        ...heldBy.map(([reason, jobs]) => [`Held by ${reason}`, count(jobs)] as const),
        ['Memory in Redis', memoryBytes === undefined ? undefined : bytes(memoryBytes)],
      ]}
    />
  );
}
