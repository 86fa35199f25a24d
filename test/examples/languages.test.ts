import { execFile } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { encodeEntry } from '../../src/redis/entry.ts';
import { queueKeys } from '../../src/redis/keys.ts';
import { MAX_DEPTH } from '../../src/schemas/json/depth.ts';
import { type Answer, JSON_TYPE, send } from '../helpers/api/send.ts';
import { useApi } from '../helpers/api/server.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);

/** Each reads JSON from its input and prints how many `items` or `jobs` it has. */
const READERS = {
  jq: ['jq', '(.items // .jobs) | length'],
  Python: [
    'python3',
    '-c',
    'import json,sys; d=json.load(sys.stdin); print(len(d.get("items", d.get("jobs"))))',
  ],
  Ruby: [
    'ruby',
    '-rjson',
    '-e',
    'd=JSON.parse($stdin.read.force_encoding("UTF-8")); puts (d["items"]||d["jobs"]).size',
  ],
  PHP: [
    'php',
    '-r',
    '$d=json_decode(stream_get_contents(STDIN),true,512,JSON_THROW_ON_ERROR); echo count($d["items"]??$d["jobs"]);',
  ],
  Perl: [
    'perl',
    '-MJSON::PP',
    '-0777',
    '-e',
    '$d=decode_json(<STDIN>); print scalar @{$d->{items}||$d->{jobs}}',
  ],
} as const;

/** Levels of the deepest array or object in JSON. */
const depthOf = (value: unknown): number =>
  typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;

function run(command: readonly string[], input: string): Promise<string> {
  const [program = '', ...args] = command;
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, (error, stdout) =>
      error ? reject(error) : resolve(stdout.trim()),
    );
    child.stdin?.end(input);
  });
}

/** Every language reads the answer and finds all its parts. .NET reads 64 levels. */
async function expectReadable(answer: Answer, parts: number): Promise<void> {
  const read = Object.entries(READERS).map(async ([language, command]) => [
    language,
    await run(command, answer.text),
  ]);
  const expected = Object.keys(READERS).map((language) => [language, String(parts)]);
  expect(await Promise.all(read)).toEqual(expected);
  expect(depthOf(JSON.parse(answer.text))).toBeLessThanOrEqual(64);
  expect(answer.text.isWellFormed()).toBe(true);
  expect(answer.text).not.toMatch(/\\u[dD][89a-fA-F]/);
}

const post = (path: string, body: string): Promise<Answer> =>
  send(api.origin, { path, headers: JSON_TYPE, body });
const get = (path: string): Promise<Answer> => send(api.origin, { method: 'GET', path });

const nested = (levels: number) => `${'['.repeat(levels - 1)}{"é": 1.0}${']'.repeat(levels - 1)}`;

describe('JSON of other languages', () => {
  it.each([
    [
      'numbers',
      '{"big": 9007199254740993, "huge": 1e400, "one": 1.0, "zero": -0, "tiny": 1E-07, "2": 0, "1": 1.10}',
    ],
    ['characters', '{"emoji": "😀 é 日", "escaped": "\\u00e9\\/\\n", "": ["\u2028", "\u007f"]}'],
    [`${MAX_DEPTH} levels`, nested(MAX_DEPTH)],
    ['one number', '-0.0'],
  ])('passes from a submit to every answer as it came: %s', async (name, text) => {
    const queue = `text-${name.replaceAll(' ', '-')}`;
    const job = `{"task": "echo", "queue": "${queue}", "keepPayload": true, "payload": ${text}}`;
    const holds = (answer: Answer, member: string) => {
      expect(answer.status).toBeLessThan(300);
      expect(answer.text).toContain(`"${member}":${text}`);
    };
    const submitted = await post('/jobs', job);
    holds(submitted, 'payload');
    const { id } = submitted.body;
    await post('/jobs/batch', `{"jobs": [${job}]}`);
    holds(await get(`/jobs/${id}`), 'payload');
    const listing = await get(`/queues/${queue}/jobs?status=queued`);
    holds(listing, 'payload');
    await expectReadable(listing, 2);

    const taken = await post('/leases', `{"queues": ["${queue}"], "max": 2}`);
    holds(taken, 'payload');
    await expectReadable(taken, 2);
    const lease = `"lease": "${taken.body.lease}"`;
    const report = (verb: string, member: string) => post(`/jobs/${id}/${verb}`, `{${lease}, ${member}}`);
    expect((await report('progress', `"progress": ${text}`)).status).toBe(200);
    holds(await get(`/jobs/${id}`), 'progress');
    const waiting = get(`/jobs/${id}?wait=20`);
    expect((await report('complete', `"result": ${text}`)).status).toBe(200);
    holds(await waiting, 'result');
    const ended = await get(`/jobs/${id}`);
    holds(ended, 'result');
    holds(ended, 'payload');
    const history = await get(`/queues/${queue}/history?type=progress`);
    holds(history, 'progress');
    await expectReadable(history, 1);
    const stream = await send(api.origin, {
      method: 'GET',
      path: `/jobs/${id}/events`,
      headers: { accept: 'application/x-ndjson' },
    });
    holds(stream, 'result');
  });

  it('passes from a schedule to its job, and from a dead letter to its next attempt', async () => {
    const text = '{"n": 9007199254740993, "x": 1.0}';
    const job = `{"task": "echo", "queue": "text-planned", "payload": ${text}, "attempts": 1}`;
    const put = await send(api.origin, {
      method: 'PUT',
      path: '/schedules/text-planned',
      headers: JSON_TYPE,
      body: `{"every": "1h", "job": ${job}}`,
    });
    expect(put.text).toContain(`"payload":${text}`);
    expect((await get('/schedules?queue=text-planned')).text).toContain(`"payload":${text}`);
    const { body } = await post('/schedules/text-planned/run', '');
    const take = () => post('/leases', '{"queues": ["text-planned"]}');
    const lease = (await take()).body.lease;
    await post(`/jobs/${body.id}/fail`, `{"lease": "${lease}", "error": {"message": "no", "data": ${text}}}`);
    const failed = await get('/queues/text-planned/jobs?status=failed');
    expect(failed.text).toContain(`"payload":${text}`);
    expect(failed.text).toContain(`"data":${text}`);
    await post(`/jobs/${body.id}/retry`, '');
    expect((await take()).text).toContain(`"payload":${text}`);
  });

  it('is readable whatever a worker reports', async () => {
    await post('/jobs', '{"task": "echo", "queue": "text-reported", "attempts": 1}');
    const taken = await post('/leases', '{"queues": ["text-reported"]}');
    const path = `/jobs/${taken.body.jobs[0].id}`;
    const lease = `"lease": "${taken.body.lease}"`;
    await post(`${path}/progress`, `{${lease}, "progress": ["\\ud83d", ${nested(200)}]}`);
    await expectReadable(await get('/queues/text-reported/jobs'), 1);
    const error = `{"message": "half \\ud83d", "stack": "${'x'.repeat(7_999)}😀", "data": [${nested(300)}, "\\ude00"]}`;
    expect((await post(`${path}/fail`, `{${lease}, "error": ${error}}`)).status).toBe(200);
    const failed = await get('/queues/text-reported/jobs?status=failed');
    await expectReadable(failed, 1);
    expect(failed.body.items[0].error.message).toBe('half \ufffd');
  });

  it('ends as a clear failure when a result is nested too deeply', async () => {
    const { body } = await post('/jobs', '{"task": "echo", "queue": "text-deep"}');
    const taken = await post('/leases', '{"queues": ["text-deep"]}');
    const report = `{"lease": "${taken.body.lease}", "result": ${nested(MAX_DEPTH + 1)}}`;
    expect((await post(`/jobs/${body.id}/complete`, report)).body.status).toBe('failed');
    expect((await get(`/jobs/${body.id}`)).body.error.name).toBe('result-too-deep');
  });

  it('of jobs that an older release stored spoils no neighbours', async () => {
    const keys = queueKeys('mr', 'text-old');
    await post('/jobs', '{"task": "echo", "queue": "text-old", "payload": "first"}');
    for (const payload of ['"half \\ud83d"', nested(900), '{"\\ude00": "\\ud83d"}']) {
      await redis.client.xadd(
        keys.stream.normal,
        '*',
        ...encodeEntry('echo', payload, { m: { a: 'x\ud83d' } }),
      );
    }
    await post('/jobs', '{"task": "echo", "queue": "text-old", "payload": "last"}');
    await expectReadable(await get('/queues/text-old/jobs'), 5);
    const taken = await post('/leases', '{"queues": ["text-old"], "max": 10}');
    await expectReadable(taken, 5);
    expect(taken.body.jobs.map(({ payload }: { payload: unknown }) => payload)).toMatchObject([
      'first',
      'half \ufffd',
      nested(900),
      { '\ufffd': '\ufffd' },
      'last',
    ]);
  });
});
