import { expect, it } from 'vitest';
import { useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { usePython } from './python.ts';

const redis = useRedis();
const api = useApi(redis);
const python = usePython(() => api.origin);

const TASKS = `
import asyncio
from datetime import datetime, timedelta, timezone
from millrace import AsyncTaskQueue, TaskQueue

def report(month, short=False):
    return month
`;

const stored = async (id: string) => (await api.http.get(`/schedules/${id}`).expect(200)).body;

it('a task makes a schedule of itself, with times and options as Python has them', async () => {
  const shown = await python.run(`${TASKS}
task = TaskQueue('reports').task(report)
made = task.options(priority='low', timeout=90, tags=['m']).schedule('py-nightly', cron='30 2 * * *',
    time_zone='Europe/Berlin', start_at=datetime(2099, 1, 1, tzinfo=timezone.utc), max_runs=5)(11, short=True)
print(made['id'], made['nextAt'])
`);
  expect(shown).toBe('py-nightly 2099-01-01T01:30:00.000Z');
  expect(await stored('py-nightly')).toMatchObject({
    cron: '30 2 * * *',
    timeZone: 'Europe/Berlin',
    startAt: '2099-01-01T00:00:00.000Z',
    maxRuns: 5,
    job: {
      task: 'report',
      queue: 'reports',
      payload: { args: [11], kwargs: { short: true } },
      priority: 'low',
      timeout: 90_000,
      tags: ['m'],
    },
  });
});

it('a task of asyncio does the same, and a repeat replaces the schedule', async () => {
  const shown = await python.run(`${TASKS}
async def main():
    task = AsyncTaskQueue('reports').task(report)
    await task.schedule('py-often', every=timedelta(minutes=2), window=30)(1)
    return await task.schedule('py-often', every=60, overlap='skip')(2)
print(asyncio.run(main())['every'])
`);
  expect(shown).toBe('60000');
  const schedule = await stored('py-often');
  expect(schedule).toMatchObject({ overlap: 'skip', job: { payload: { args: [2], kwargs: {} } } });
  expect(schedule).not.toHaveProperty('window');
});

it('what no schedule can have is refused before anything is sent', async () => {
  const shown = await python.run(`${TASKS}
task = TaskQueue('reports', url='http://127.0.0.1:1').task(report)
for call in [
    lambda: task.schedule('s', crno='* * * * *'),
    lambda: task.schedule('s', every=-1),
    lambda: task.schedule('', every=60),
    lambda: task.schedule('s', every=60)(1, 2, 3),
]:
    try: call()
    except (TypeError, ValueError) as error: print(type(error).__name__, error)
`);
  const lines = shown.split('\n');
  expect(lines).toHaveLength(4);
  expect(lines[0]).toContain('TypeError There is no option crno. There are: cron, every,');
  expect(lines[1]).toContain('ValueError every is -1.');
  expect(lines[2]).toBe("ValueError The id of a schedule must not be ''.");
  expect(lines[3]).toContain('TypeError');
});

it('a worker that imports a module leaves its schedules alone', async () => {
  python.write(
    'reports.py',
    `from millrace import TaskQueue
queue = TaskQueue('imported')

@queue.task
def report(month):
    return month

made = report.schedule('py-imported', every=60)(1)
`,
  );
  const worker = await python.work('reports:queue');
  await api.http.get('/schedules/py-imported').expect(404);
  expect(worker.stderr).toContain('change schedules');
  expect(await worker.stop()).toBe(0);
});
