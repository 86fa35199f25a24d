import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { untilWorkerReady } from '../../../src/local/ready.ts';
import { freePort } from '../../../src/local/redis-settings.ts';
import { createOrphanReaper } from '../../../src/orphan-reaper.ts';
import { METRICS } from '../../../src/telemetry/metrics/catalog.ts';
import { JSON_TYPE, send } from '../../helpers/api/send.ts';
import { post, take } from '../../helpers/leases/http-worker.ts';
import { readInProject } from '../../helpers/local/pages.ts';
import { until, untilConnected, useRedis } from '../../helpers/redis/server.ts';
import {
  type ApiProcess,
  type BuiltProcess,
  startApiProcess,
  startWorkerProcess,
} from '../../helpers/workers/built-processes.ts';
import { TEST_TASKS } from '../../helpers/workers/worker-process.ts';
import { type Prometheus, promtool, RULES, startPrometheus } from './prometheus.ts';

const redis = useRedis({ port: await freePort() });
const reaper = createOrphanReaper();
const ports = { 'millrace-api': await freePort(), 'millrace-worker': await freePort() };
const apiPort = await freePort();
let api: ApiProcess;
let worker: BuiltProcess;
let prometheus: Prometheus;

const startApi = () =>
  startApiProcess(redis.url, reaper, { METRICS_PORT: String(ports['millrace-api']) }, apiPort);

beforeAll(async () => {
  api = await startApi();
  const env = {
    REDIS_URL: redis.url,
    HEALTH_PORT: String(ports['millrace-worker']),
    TASKS_DIR: TEST_TASKS,
    PROCESSES: '1',
    SHUTDOWN_GRACE_MS: '0',
  };
  worker = await startWorkerProcess(env, reaper, (limit) => untilWorkerReady(api.origin, ['default'], limit));
  prometheus = await startPrometheus(ports, reaper);
});
afterAll(async () => {
  await Promise.all([prometheus.stop(), api.stop(), worker.stop()]);
  reaper.end();
});

async function submit(job: object, count = 1): Promise<string> {
  const jobs = Array.from({ length: count }, () => job);
  const { body } = await post(api, '/jobs/batch', { jobs });
  return (body as { items: { id: string }[] }).items[0]?.id ?? '';
}

const untilFiring = (names: readonly string[], what: boolean) =>
  until(
    async () => {
      const firing = await prometheus.firing();
      return names.every((name) => firing.includes(name) === what);
    },
    `${names.join(' and ')} ${what ? 'to fire' : 'to resolve'}`,
  );

interface Trouble {
  readonly title: string;
  readonly alerts: readonly string[];
  /** Makes the trouble, and returns what ends it. */
  readonly make: () => Promise<() => Promise<unknown>>;
}

const TROUBLES: readonly Trouble[] = [
  {
    title: 'a job in a queue without workers',
    alerts: ['MillraceNoWorkers', 'MillraceJobsWaitLong'],
    make: async () => {
      const id = await submit({ queue: 'lonely', task: 'work' });
      return () => post(api, `/jobs/${id}/cancel`);
    },
  },
  {
    title: 'jobs that fail for good',
    alerts: ['MillraceJobsFail'],
    make: async () => {
      const timer = setInterval(() => void submit({ task: 'fail', attempts: 1 }), 200);
      return async () => clearInterval(timer);
    },
  },
  {
    title: 'workers that are not heard of again',
    alerts: ['MillraceWorkersDie'],
    make: async () => {
      const loseOne = async () => {
        await submit({ queue: 'silent', task: 'work' });
        await take(api, { queues: ['silent'], leaseMs: 1_000 });
      };
      const timer = setInterval(() => void loseOne(), 200);
      return async () => clearInterval(timer);
    },
  },
  {
    title: 'a queue that stays paused',
    alerts: ['MillraceQueuePaused'],
    make: async () => {
      await post(api, '/queues/default/pause');
      return () => post(api, '/queues/default/resume');
    },
  },
  {
    title: 'a Redis that is nearly full',
    alerts: ['MillraceRedisMemory'],
    make: async () => {
      const used = Number(/^used_memory:(\d+)/m.exec(await redis.client.info('memory'))?.[1]);
      await redis.client.config('SET', 'maxmemory', Math.round(used * 1.1));
      return () => redis.client.config('SET', 'maxmemory', '0');
    },
  },
  {
    title: 'a Redis that is away',
    alerts: ['MillraceRedisDown', 'MillraceNotReady', 'MillraceRequestsFail'],
    make: async () => {
      await redis.server.kill();
      const timer = setInterval(() => void submit({ task: 'echo' }).catch(() => undefined), 100);
      return async () => {
        clearInterval(timer);
        redis.replace(await redis.server.restart());
        await untilConnected(redis.client);
      };
    },
  },
  {
    title: 'an API that is away',
    alerts: ['MillraceScrapeFails', 'MillraceApiDown'],
    make: async () => {
      await api.stop();
      return async () => {
        api = await startApi();
      };
    },
  },
];

describe('the alerts', () => {
  it('pass promtool, with the configuration that names them', async () => {
    expect(await promtool('check', 'rules', 'millrace.rules.yml')).toMatch(/SUCCESS: \d+ rules found/);
    expect(await promtool('check', 'config', 'prometheus.yml')).toMatch(/SUCCESS/);
  });

  it('are silent while nothing is wrong', async () => {
    await submit({ task: 'echo' });
    await until(async () => (await prometheus.query('up == 1')).length === 2, 'both are scraped');
    // While the processes start, a process that is down is a trouble.
    await until(async () => (await prometheus.firing()).length === 0, 'no alert fires');
  });

  it.each(TROUBLES)('tell of $title until it is over', async ({ alerts, make }) => {
    const end = await make();
    await untilFiring(alerts, true).finally(end);
    await untilFiring(alerts, false);
  });

  it('are all made to fire here', () => {
    const { groups } = parse(readInProject(RULES)) as { groups: { rules: { alert: string }[] }[] };
    const names = groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
    expect(TROUBLES.flatMap(({ alerts }) => alerts).sort()).toEqual(names.sort());
  });

  it('are all listed in deploy/README.md', () => {
    const page = readInProject('deploy/README.md');
    const listed = [...page.matchAll(/^\| `(Millrace\w+)` \| .* \| (\w+) \|$/gm)];
    const { groups } = parse(readInProject(RULES)) as {
      groups: { rules: { alert: string; labels: { severity: string } }[] }[];
    };
    const rules = groups.flatMap((group) => group.rules);
    expect(listed.map(([, name, severity]) => [name, severity]).sort()).toEqual(
      rules.map(({ alert, labels }) => [alert, labels.severity]).sort(),
    );
  });
});

/** One job runs in a queue that lets one run: the other one is held. */
async function holdOneBack(): Promise<void> {
  const body = JSON.stringify({ concurrency: 1 });
  await send(api.origin, { method: 'PUT', path: '/queues/narrow', headers: JSON_TYPE, body });
  await submit({ queue: 'narrow', task: 'work' }, 2);
  await take(api, { queues: ['narrow'] });
}

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly { expr: string }[];
}

describe('the dashboard', () => {
  const dashboard = JSON.parse(readInProject('deploy/grafana/dashboards/millrace.json')) as {
    panels: Panel[];
  };
  const expressions = dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(
      ({ expr }) => [title, expr.replaceAll('$__rate_interval', '10s').replaceAll('$queue', '.*')] as const,
    ),
  );

  it('and the alerts name only metrics that there are', () => {
    const texts = [readInProject(RULES), readInProject('deploy/kubernetes/scaled-object.yaml')];
    const named = [...texts, ...expressions.map(([, text]) => text)].flatMap((text) =>
      [...text.matchAll(/\bmillrace_\w+/g)].map(([name]) => name),
    );
    const known = new Set<string>(Object.values(METRICS).map(({ name }) => name));
    expect(named.filter((name) => !known.has(name.replace(/_(bucket|count|sum)$/, '')))).toEqual([]);
  });

  it('shows something in each panel', async () => {
    await redis.client.config('SET', 'maxmemory', '1gb');
    await submit({ task: 'echo' }, 10);
    await submit({ task: 'fail', attempts: 1 });
    await holdOneBack();
    for (const [title, expression] of expressions) {
      await until(
        async () => (await prometheus.query(expression)).length > 0,
        `a series for ${title}: ${expression}`,
      );
    }
    await redis.client.config('SET', 'maxmemory', '0');
  });
});

it('KEDA gets one number: the age of the oldest job of a queue that is not paused', async () => {
  const { spec } = parse(readInProject('deploy/kubernetes/scaled-object.yaml'));
  const age = async () => {
    const series = await prometheus.query(spec.triggers[0].metadata.query);
    return series.map(({ value }) => Number(value[1]));
  };
  await until(async () => (await age())[0] === 0, 'an age of 0 without jobs');
  await submit({ task: 'hold', payload: {} }, 11);
  await until(
    async () => Number((await age())[0]) > 1,
    'the age of a job that waits while all workers are busy',
  );
  expect(await age()).toHaveLength(1);
  await post(api, '/queues/default/pause');
  await until(async () => (await age())[0] === 0, 'an age of 0 while the queue is paused');
  await post(api, '/queues/default/resume');
});
