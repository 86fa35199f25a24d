import { beforeAll, describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../src/errors.ts';
import { queueKeys } from '../../../src/redis/keys.ts';
import { announceTasks } from '../../../src/tasks/announcements.ts';
import { expectProblem, type Pointers } from '../../helpers/api/expect-schema.ts';
import { JSON_TYPE, type Message, send } from '../../helpers/api/send.ts';
import { useApi } from '../../helpers/api/server.ts';
import { stored } from '../../helpers/redis/dump.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);

beforeAll(async () => {
  const tasks = [{ name: 'typed', input: { type: 'object', required: ['n'] } }];
  await announceTasks(redis.client, queueKeys('mr', 'announced'), tasks);
});

/** Expects that the request is rejected and stores nothing. */
async function expectRejected(message: Message, status: number, code: ErrorCode, pointers: Pointers) {
  const before = await stored(redis);
  const answer = await send(api.origin, message);
  expectProblem(answer, status, code, pointers);
  expect(await stored(redis)).toEqual(before);
  return answer;
}

const job = { task: 'echo' };
const good = { cron: '30 2 * * *', job };

async function expectPutRejected(body: unknown, pointers: Pointers, detail: RegExp = /./) {
  const message = { method: 'PUT', path: '/schedules/bad', headers: JSON_TYPE, body: JSON.stringify(body) };
  const answer = await expectRejected(message, 400, 'invalid-request', pointers);
  expect(answer.body.errors[0].detail).toMatch(detail);
}

describe('a schedule is rejected', () => {
  it.each([
    ['0 0 30 2 *', /never happens/],
    ['0 0 31 4,6,9,11 *', /never happens/],
    ['60 * * * *', /minute 60 is not from 0 to 59/],
    ['* 24 * * *', /hour 24 is not from 0 to 23/],
    ['* * 0 * *', /day of month 0 is not from 1 to 31/],
    ['* * * 13 *', /month 13 is not from 1 to 12/],
    ['* * * * 8', /day of week 8 is not from 0 to 7/],
    ['*/0 * * * *', /step "0" of the minute/],
    ['* * * *', /4 fields/],
    ['* * * * * * *', /7 fields/],
    ['@reboot', /not supported/],
    ['a b c d e', /minute "a" cannot be read/],
    ['2026-01-01T00:00:00', /form/],
    ['2026-01-01 * * * *', /minute/],
    ['* * * * *\n', /form/],
    ['', /form/],
    [`${'*'.repeat(300)} * * * *`, /form/],
    [7, /string/],
  ])('for the cron %j', (cron, detail) => expectPutRejected({ cron, job }, ['/cron'], detail));

  it.each(['Mars/Phobos', '+01:00', 'Europe/Berlin ', '../etc', '', 'x'.repeat(65), 1])(
    'for the zone %j',
    (timeZone) => expectPutRejected({ ...good, timeZone }, ['/timeZone']),
  );

  it.each([0, 999, '500ms', -1000, 1.5, '1x', '3651d', true])('for every %j', (every) =>
    expectPutRejected({ every, job }, ['/every']),
  );

  it('without cron and every, or with both', async () => {
    await expectPutRejected({ job }, ['/cron'], /is required, unless every is given/);
    await expectPutRejected({ ...good, every: '1h' }, ['/every'], /not allowed together with cron/);
    await expectPutRejected({ every: '1h', timeZone: 'UTC', job }, ['/timeZone'], /only with cron/);
  });

  it('for other invalid fields', async () => {
    await expectPutRejected({ ...good, misfire: 'never' }, ['/misfire'], /skip, one or all|skip.*all/);
    await expectPutRejected({ ...good, overlap: 'queue' }, ['/overlap']);
    await expectPutRejected({ ...good, maxRuns: 0 }, ['/maxRuns']);
    await expectPutRejected({ ...good, window: '25h' }, ['/window']);
    await expectPutRejected({ ...good, startAt: 'tomorrow' }, ['/startAt']);
    await expectPutRejected({ ...good, endAt: '2026-13-01T00:00:00Z' }, ['/endAt']);
    await expectPutRejected({ ...good, startAt: '1969-01-01T00:00:00Z' }, ['/startAt'], /1970/);
    await expectPutRejected({ ...good, paused: true }, ['/paused'], /not a known field/);
    await expectPutRejected({ ...good, startAt: '2999-01-01T00:00:00Z' }, ['/startAt'], /100 years/);
    await expectPutRejected([], [''], /object/);
    await expectPutRejected({ cron: '* * * * *' }, ['/job'], /required/);
  });

  it('when it would never fire', async () => {
    const startAt = '2030-01-02T00:00:00Z';
    await expectPutRejected(
      { ...good, startAt, endAt: '2030-01-01T00:00:00Z' },
      ['/endAt'],
      /before startAt/,
    );
    await expectPutRejected({ ...good, startAt, endAt: '2030-01-02T01:00:00Z' }, ['/endAt'], /no time/);
    await expectPutRejected({ ...good, endAt: '2020-01-01T00:00:00Z' }, ['/endAt'], /no time/);
    await expectPutRejected({ every: '1h', job, endAt: '2020-01-01T00:00:00Z' }, ['/endAt'], /no time/);
  });

  it('with every fault at once', () =>
    expectPutRejected({ cron: '60 * * * *', timeZone: 'X/Y', window: '2d', job }, [
      '/cron',
      '/timeZone',
      '/window',
    ]));

  it('for an invalid job, as a submit is', async () => {
    await expectPutRejected({ ...good, job: {} }, ['/job/task'], /required/);
    await expectPutRejected({ ...good, job: { ...job, delay: '1s' } }, ['/job/delay'], /not a known field/);
    await expectPutRejected({ ...good, job: { ...job, runAt: '2030-01-01T00:00:00Z' } }, ['/job/runAt']);
    await expectPutRejected({ ...good, job: { ...job, timeout: '0s' } }, ['/job/timeout'], /at least 1 ms/);
    await expectPutRejected({ ...good, job: { ...job, metadata: { schedule: 'mine' } } }, [
      '/job/metadata/schedule',
    ]);
    const labels = Object.fromEntries(Array.from({ length: 32 }, (_, i) => [`l${i}`, 'x']));
    await expectPutRejected({ ...good, job: { ...job, metadata: labels } }, ['/job/metadata']);
    const put = (body: object) => ({
      method: 'PUT',
      path: '/schedules/bad',
      headers: JSON_TYPE,
      body: JSON.stringify(body),
    });
    const unknown = { ...good, job: { task: 'other', queue: 'announced' } };
    const { body } = await expectRejected(put(unknown), 422, 'unknown-task', ['/job/task']);
    expect(body.knownTasks).toEqual(['typed']);
    const wrong = { ...good, job: { task: 'typed', queue: 'announced', payload: {} } };
    await expectRejected(put(wrong), 422, 'invalid-payload', ['/job/payload/n']);
  });

  it.each(['a:b', '%7Bx%7D', '.x', '-x', 'x'.repeat(65), 'a%20b', '%C3%BC'])(
    'for an id that none can have: "%s"',
    async (id) => {
      const message = { headers: JSON_TYPE, body: JSON.stringify(good) };
      for (const [method, rest] of [
        ['PUT', ''],
        ['GET', ''],
        ['DELETE', ''],
        ['POST', '/pause'],
        ['POST', '/run'],
        ['GET', '/preview'],
      ] as const) {
        const path = `/schedules/${id}${rest}`;
        await expectRejected({ ...(method === 'PUT' && message), method, path }, 400, 'invalid-request', [
          '/id',
        ]);
      }
    },
  );
});

describe('a read is rejected', () => {
  it.each([
    'limit=0',
    'limit=1001',
    'limit=x',
    'cursor=x',
    `cursor=${Buffer.from('x y').toString('base64url')}`,
  ])('for %s', async (query) => {
    const [name] = query.split('=');
    await expectRejected({ method: 'GET', path: `/schedules?${query}` }, 400, 'invalid-request', [
      `/${name}`,
    ]);
  });

  it('for other invalid parameters', async () => {
    await expectRejected({ method: 'GET', path: '/schedules?page=2' }, 400, 'invalid-request', ['/page']);
    await expectRejected({ method: 'GET', path: '/schedules?queue=a:b' }, 400, 'invalid-request', ['/queue']);
    for (const n of ['0', '101', 'x']) {
      const body = JSON.stringify({ cron: '* * * * *' });
      await expectRejected({ method: 'GET', path: `/schedules/x/preview?n=${n}` }, 400, 'invalid-request', [
        '/n',
      ]);
      const message = { path: `/schedules/preview?n=${n}`, headers: JSON_TYPE, body };
      await expectRejected(message, 400, 'invalid-request', ['/n']);
    }
  });

  it('when a preview would be empty', async () => {
    for (const [body, pointer] of [
      [{ cron: '0 0 30 2 *' }, '/cron'],
      [{}, '/cron'],
      [{ cron: '* * * * *', timeZone: 'X' }, '/timeZone'],
      [{ cron: '* * * * *', endAt: '2020-01-01T00:00:00Z' }, '/endAt'],
    ] as const) {
      const message = { path: '/schedules/preview', headers: JSON_TYPE, body: JSON.stringify(body) };
      await expectRejected(message, 400, 'invalid-request', [pointer]);
    }
  });
});
