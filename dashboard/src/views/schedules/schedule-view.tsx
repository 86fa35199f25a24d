import type { JSX } from 'preact';
import { call, request } from '../../net/api.ts';
import { pathOf } from '../../net/places.ts';
import type { Job, Schedule } from '../../net/types.ts';
import { ActButton } from '../../parts/act.tsx';
import { Card, Facts, Failure, Head, JobLink, Loading, QueueLink, When } from '../../parts/bits.tsx';
import { count, duration } from '../../parts/format.ts';
import { JsonValue } from '../../parts/value.tsx';
import { useCanManage } from '../../state/abilities.ts';
import { useLoad } from '../../state/load.ts';
import { act, actAfter } from '../../state/notices.ts';
import { useIdempotency } from '../../state/repeats.ts';
import { addressOf, go } from '../../state/router.ts';
import { NextRuns } from './next-runs.tsx';
import { planOf, ScheduleBadges } from './schedules-view.tsx';

const SHOWN_RUNS = 6;
const EVERY_MS = 5_000;

export function ScheduleView({ id }: { id: string }): JSX.Element {
  const path = pathOf('schedules', id);
  const { data, error } = useLoad(`schedule ${id}`, (signal) => call<Schedule>(path, { signal }), {
    everyMs: EVERY_MS,
  });
  const next = useLoad(
    `next runs of ${id} ${data?.updatedAt} ${data?.nextAt}`,
    async (signal) =>
      (await call<{ items: string[] }>(`${path}/preview`, { query: { n: SHOWN_RUNS }, signal })).items,
  );
  return (
    <>
      <Head title={id} note={data && planOf(data)}>
        {data !== undefined && <ScheduleActions schedule={data} />}
      </Head>
      <Failure error={error} />
      {data === undefined && error === undefined && <Loading />}
      {data !== undefined && (
        <div class="columns">
          <div class="column">
            <Card title="Next runs" aside={<ScheduleBadges schedule={data} />}>
              <NextRuns times={next.data ?? []} timeZone={data.timeZone ?? 'UTC'} />
            </Card>
            <Card title="Job">
              <JsonValue name="job" value={data.job} />
            </Card>
          </div>
          <div class="column is-narrow">
            <Card title="Details">
              <Details schedule={data} />
            </Card>
          </div>
        </div>
      )}
    </>
  );
}

function Details({ schedule }: { schedule: Schedule }): JSX.Element {
  const { cron, window, lastJob, lastSlot, lastSkip, job } = schedule;
  return (
    <Facts
      of={[
        ['Queue', <QueueLink key="queue" name={job.queue ?? 'default'} />],
        ['Cron', cron === undefined ? undefined : <span class="mono">{cron}</span>],
        ['Missed slots', schedule.misfire],
        ['Overlap', schedule.overlap],
        ['Window', window === undefined ? undefined : duration(window)],
        [
          'Runs',
          `${count(schedule.runs)}${schedule.maxRuns === undefined ? '' : ` of ${count(schedule.maxRuns)}`}`,
        ],
        ['Missed', schedule.missed || undefined],
        ['Skipped', schedule.skipped || undefined],
        [
          'Last skip',
          lastSkip === undefined ? undefined : (
            <>
              {lastSkip.reason}, <When at={lastSkip.slot} />
            </>
          ),
        ],
        ['Last run', lastSlot === undefined ? undefined : <When at={lastSlot} />],
        ['Last job', lastJob === undefined ? undefined : <JobLink id={lastJob} />],
        ['Changed', <When key="changed" at={schedule.updatedAt} />],
      ]}
    />
  );
}

function ScheduleActions({ schedule }: { schedule: Schedule }): JSX.Element | null {
  const mayManage = useCanManage(schedule.job.queue ?? 'default');
  const repeatable = useIdempotency();
  if (!mayManage) return null;
  const { id, paused } = schedule;
  const path = pathOf('schedules', id);
  const turn = paused ? 'resume' : 'pause';
  return (
    <>
      <ActButton class="primary" run={() => runNow(id, repeatable(id))}>
        Run now
      </ActButton>
      <ActButton
        run={() =>
          act(paused ? `${id} goes on` : `${id} is paused`, () =>
            request(`${path}/${turn}`, { method: 'POST' }),
          )
        }
      >
        {paused ? 'Resume' : 'Pause'}
      </ActButton>
      <a class="button" href={addressOf(['schedules', id, 'edit'])}>
        Edit
      </a>
      <ActButton class="danger" run={() => remove(id)}>
        Remove
      </ActButton>
    </>
  );
}

const runNow = (id: string, headers: Record<string, string>) =>
  act(`A job of ${id} was submitted`, async () => {
    const job = await call<Job>(`${pathOf('schedules', id)}/run`, { method: 'POST', headers });
    go(addressOf(['jobs', job.id]));
  });

const remove = (id: string) =>
  actAfter(
    {
      title: `Remove the schedule ${id}?`,
      text: 'It submits no more jobs, and its counts are gone. Jobs that it has submitted stay.',
      verb: 'Remove schedule',
      isDangerous: true,
    },
    `${id} is removed`,
    async () => {
      await request(pathOf('schedules', id), { method: 'DELETE' });
      go(addressOf(['schedules']));
    },
  );
