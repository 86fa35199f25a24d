import type { JSX } from 'preact';
import { all, request } from '../net/api.ts';
import { pathOf } from '../net/places.ts';
import type { Worker } from '../net/types.ts';
import { ActButton } from '../parts/act.tsx';
import { Badge, Empty, Failure, Head, Loading, When } from '../parts/bits.tsx';
import { count, plural } from '../parts/format.ts';
import { List } from '../parts/list.tsx';
import { useCanManage } from '../state/abilities.ts';
import { useLoad } from '../state/load.ts';
import { actAfter } from '../state/notices.ts';

const EVERY_MS = 4_000;

/** The programs that run jobs. */
export function WorkersView(): JSX.Element {
  const { data, error } = useLoad('workers', (signal) => all<Worker>('workers', { limit: 1_000 }, signal), {
    everyMs: EVERY_MS,
  });
  const mayManage = useCanManage();
  return (
    <>
      <Head title="Workers" note={data && plural(data.length, 'worker')} />
      <Failure error={error} />
      {data === undefined && error === undefined && <Loading />}
      {data?.length === 0 && <Empty title="No workers">Without a worker, jobs wait.</Empty>}
      {data !== undefined && data.length > 0 && (
        <List label="Workers" items={data} keyOf={({ name }) => name} columns={columnsOf(mayManage)} />
      )}
    </>
  );
}

const columnsOf = (mayManage: boolean) => [
  {
    name: 'Worker',
    kind: 'grow',
    cell: ({ name, kind, draining }: Worker) => (
      <span class="row-name" title={name}>
        {name} <Badge>{kind}</Badge> {draining && <Badge tone="warn">draining</Badge>}
      </span>
    ),
  },
  {
    name: 'Queues',
    kind: 'remark wide',
    cell: ({ queues }: Worker) => <span title={queues.join(', ')}>{queues.join(', ')}</span>,
  },
  {
    name: 'Running',
    kind: 'number',
    cell: ({ running, concurrency }: Worker) =>
      `${count(running)}${concurrency === undefined ? '' : ` / ${concurrency}`}`,
  },
  { name: 'Release', kind: 'number wide', cell: ({ release }: Worker) => release ?? '–' },
  { name: 'Seen', kind: 'time', cell: ({ lastSeenAt }: Worker) => <When at={lastSeenAt} /> },
  ...(mayManage
    ? [
        {
          name: 'Action',
          kind: 'act',
          cell: (worker: Worker) =>
            !worker.draining && (
              <ActButton class="quiet" run={() => drain(worker)}>
                Drain
              </ActButton>
            ),
        },
      ]
    : []),
];

const drain = ({ name, running }: Worker) =>
  actAfter(
    {
      title: 'Drain this worker?',
      text: `${name} takes no more jobs. It ends the ${plural(running, 'job')} that it runs. To use it again, start it again.`,
      verb: 'Drain worker',
      isDangerous: true,
    },
    `${name} takes no more jobs`,
    () => request(`${pathOf('workers', name)}/drain`, { method: 'POST' }),
  );
