import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { all } from '../../net/api.ts';
import type { Schedule } from '../../net/types.ts';
import { Badge, Empty, Failure, Head, Loading, When } from '../../parts/bits.tsx';
import { cronWords } from '../../parts/cron-words.ts';
import { SearchField } from '../../parts/fields.tsx';
import { count, duration, plural } from '../../parts/format.ts';
import { List } from '../../parts/list.tsx';
import { useCanManage } from '../../state/abilities.ts';
import { useLoad } from '../../state/load.ts';
import { addressOf, place, setQuery } from '../../state/router.ts';
import { useSignal } from '../../state/signal.ts';

const EVERY_MS = 5_000;

/** When a schedule fires, in words. */
export function planOf({ cron, every, timeZone }: Pick<Schedule, 'cron' | 'every' | 'timeZone'>): string {
  if (every !== undefined) return `Every ${duration(every)}`;
  const words = cronWords(cron ?? '') ?? cron ?? '';
  return timeZone === undefined || timeZone === 'UTC' ? `${words} UTC` : `${words}, ${timeZone}`;
}

export function ScheduleBadges({ schedule: { paused, finished } }: { schedule: Schedule }): JSX.Element {
  return (
    <>
      {paused && <Badge tone="warn">paused</Badge>}
      {finished && <Badge>finished</Badge>}
    </>
  );
}

export function SchedulesView(): JSX.Element {
  const { data, error } = useLoad(
    'schedules',
    (signal) => all<Schedule>('schedules', { limit: 1_000 }, signal),
    {
      everyMs: EVERY_MS,
    },
  );
  const search = useSignal(place).query.get('q') ?? '';
  const mayManage = useCanManage();
  const found = useMemo(
    () =>
      (data ?? []).filter(({ id, job }) =>
        `${id} ${job.queue ?? ''} ${job.task}`.toLowerCase().includes(search.toLowerCase()),
      ),
    [data, search],
  );
  return (
    <>
      <Head title="Schedules" note={data && plural(data.length, 'schedule')}>
        <SearchField label="Search schedules" value={search} onInput={(q) => setQuery({ q })} />
        {mayManage && (
          <a class="button primary" href={addressOf(['schedules', 'new'])}>
            New schedule
          </a>
        )}
      </Head>
      <Failure error={error} />
      {data === undefined && error === undefined && <Loading />}
      {data !== undefined && found.length === 0 && (
        <Empty title={search === '' ? 'No schedules yet' : 'No schedule fits'}>
          A schedule submits a job at set times.
        </Empty>
      )}
      {found.length > 0 && (
        <List
          label="Schedules"
          items={found}
          keyOf={({ id }) => id}
          hrefOf={({ id }) => addressOf(['schedules', id])}
          columns={COLUMNS}
        />
      )}
    </>
  );
}

const COLUMNS = [
  {
    name: 'Schedule',
    kind: 'grow',
    cell: (schedule: Schedule) => (
      <>
        <span class="name">{schedule.id}</span>
        <ScheduleBadges schedule={schedule} />
      </>
    ),
  },
  {
    name: 'When',
    kind: 'remark wide',
    cell: (schedule: Schedule) => <span title={schedule.cron}>{planOf(schedule)}</span>,
  },
  { name: 'Task', kind: 'task mid', cell: ({ job }: Schedule) => job.task },
  { name: 'Runs', kind: 'number wide', cell: ({ runs }: Schedule) => count(runs) },
  {
    name: 'Next',
    kind: 'time',
    cell: ({ nextAt }: Schedule) => (nextAt === undefined ? '–' : <When at={nextAt} />),
  },
];
