import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadAll } from '../../src/cli/registry.ts';
import { Millrace } from '../../src/client/index.ts';
import { useApi } from '../helpers/api/server.ts';
import { type CliOptions, runCli } from '../helpers/cli/run-cli.ts';
import { useRedis } from '../helpers/redis/server.ts';
import { startWorker, useWorker } from '../helpers/workers/worker-process.ts';

const ADMIN = 'an-admin-key-of-the-tests-0123456789';
const QUEUE = 'json';
const redis = useRedis();
const api = useApi(redis, { AUTH: 'keys', ADMIN_KEY: ADMIN });
useWorker(redis, { QUEUES: QUEUE });

let dir: string;
let mr: Millrace;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mr-json-'));
  mr = new Millrace({ url: api.origin, key: ADMIN });
});
afterAll(() => rm(dir, { recursive: true, force: true }));

interface Case {
  /** Makes what the command needs. */
  readonly needs?: () => Promise<unknown>;
  /** The words of the command line after its name, without `--json`. Default: none. */
  readonly words?: () => readonly string[] | Promise<readonly string[]>;
  /** A filter of jq over the array of all printed values. It must give true. */
  readonly holds: string;
  /** For a command without an end: it gets SIGINT when its output has this. */
  readonly until?: RegExp;
  /** Exit codes. Default: 0. */
  readonly codes?: readonly number[];
}

const waiting = async (): Promise<string> => (await mr.submit('echo', 1, { queue: QUEUE, delay: '1h' })).id;

async function failed(queue = QUEUE): Promise<string> {
  const job = await mr.submit('fail', {}, { queue, attempts: 1 });
  await job.ended();
  return job.id;
}

async function nightly(): Promise<string> {
  await mr.schedules.put('nightly', { cron: '0 3 * * *', job: { task: 'echo', queue: QUEUE } });
  return 'nightly';
}

async function drainable(): Promise<string> {
  await startWorker(redis.url, { QUEUES: 'drained' });
  const [worker] = await mr.workers.list({ queue: 'drained' }).first(1);
  return worker?.name ?? '';
}

/** A case for each command of the table. */
const CASES: Readonly<Record<string, Case>> = {
  dev: {
    words: () => ['--port', '0'],
    until: /\n/,
    holds: 'length == 1 and (.[0].url | startswith("http://127.0.0.1:"))',
  },
  api: { until: /"ready"/, holds: 'all(.[]; has("msg"))' },
  worker: { until: /"ready"/, holds: 'all(.[]; has("msg"))' },
  submit: {
    words: () => ['echo', '{"n":[1,2]}', '--queue', QUEUE, '--wait'],
    holds: 'length == 1 and .[0].result == {"n":[1,2]}',
  },
  get: { words: async () => [await waiting()], holds: '.[0].status == "scheduled"' },
  jobs: {
    needs: () => Promise.all([waiting(), waiting()]),
    words: () => ['--queue', QUEUE],
    holds: 'length > 1 and all(.[]; has("id"))',
  },
  cancel: {
    words: async () => [await waiting(), await waiting()],
    holds: 'length == 2 and all(.[]; .status == "cancelled")',
  },
  retry: { words: async () => [await failed()], holds: 'length == 1 and .[0].queue == "json"' },
  tail: {
    needs: waiting,
    words: () => [QUEUE, '--from-start', '-n', '1'],
    holds: 'length == 1 and .[0].queue == "json"',
  },
  queues: { holds: 'any(.[]; .name == "json")' },
  stats: { words: () => [QUEUE], holds: 'length == 1 and .[0].queue == "json"' },
  pause: { words: () => ['other'], holds: 'length == 1 and .[0].paused' },
  resume: { words: () => ['other'], holds: 'length == 1 and (.[0].paused | not)' },
  set: { words: () => ['other', 'concurrency=5'], holds: 'length == 1 and .[0].concurrency == 5' },
  'dead list': {
    needs: () => failed(),
    words: () => [QUEUE],
    holds: 'length > 0 and all(.[]; .status == "failed")',
  },
  'dead retry': {
    needs: () => failed(),
    words: () => [QUEUE],
    holds: 'length == 1 and .[0].count > 0',
  },
  'dead purge': {
    needs: () => failed(),
    words: () => [QUEUE],
    holds: 'length == 1 and .[0].count > 0',
  },
  'schedules list': {
    needs: nightly,
    holds: 'length == 1 and .[0].id == "nightly"',
  },
  'schedules get': {
    words: async () => [await nightly()],
    holds: 'length == 1 and .[0].cron == "0 3 * * *"',
  },
  'schedules put': {
    words: () => ['put', '--every', '1h', '--task', 'echo', '--queue', QUEUE],
    holds: 'length == 1 and .[0].every == 3600000',
  },
  'schedules delete': {
    words: async () => [await nightly()],
    holds: '. == [{"id":"nightly","deleted":true}]',
  },
  'schedules pause': {
    words: async () => [await nightly()],
    holds: 'length == 1 and .[0].paused',
  },
  'schedules resume': {
    words: async () => [await nightly()],
    holds: 'length == 1 and (.[0].paused | not)',
  },
  'schedules run': {
    words: async () => [await nightly()],
    holds: 'length == 1 and .[0].task == "echo"',
  },
  'schedules preview': {
    words: () => ['--every', '15m', '-n', '3'],
    holds: 'length == 3 and all(.[]; .at | test("^2.*Z$"))',
  },
  'keys list': {
    needs: () => mr.keys.create({ name: 'a', scopes: ['read'] }),
    holds: 'any(.[]; .name == "a")',
  },
  'keys create': {
    words: () => ['shop', 'read'],
    holds: 'length == 1 and (.[0].key | length > 20)',
  },
  'keys delete': {
    words: async () => [(await mr.keys.create({ name: 'b', scopes: ['read'] })).id],
    holds: 'length == 1 and .[0].deleted',
  },
  'workers list': { words: () => ['--queue', QUEUE], holds: 'length == 1' },
  'workers drain': {
    words: async () => [await drainable()],
    holds: 'length == 1 and (.[0].queues | index("drained") != null)',
  },
  audit: {
    needs: () => mr.queue('other').resume(),
    holds: 'all(.[]; has("status"))',
  },
  bench: {
    words: () => ['-n', '5', '--queue', QUEUE],
    holds: 'length == 1 and .[0].jobs == 5 and .[0].endMs.p50 > 0',
  },
  completion: {
    words: () => ['fish'],
    holds: 'length == 1 and (.[0].script | contains("complete -c millrace"))',
  },
  // It finds faults with a Redis for tests.
  doctor: { holds: 'length == 1 and (.[0].findings | length > 0)', codes: [0, 1] },
};

/** What jq gives for an input. Rejects when jq cannot read it. */
async function jq(filter: string, input: string, ...options: string[]): Promise<string> {
  const child = spawn('jq', ['-c', ...options, filter]);
  child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  if (code !== 0) throw new Error(`jq ended with ${code}: ${stderr}\n${input}`);
  return stdout.trim();
}

describe('--json', () => {
  it('has a case here for each command', async () => {
    const commands = await loadAll();
    expect(commands.map(({ name }) => name).sort()).toEqual(Object.keys(CASES).sort());
  });

  it.each(Object.entries(CASES))(
    'of %s is read by jq',
    async (name, { needs, words, until, holds, codes = [0] }) => {
      const env = {
        MILLRACE_URL: api.origin,
        MILLRACE_KEY: ADMIN,
        REDIS_URL: redis.url,
        PORT: '0',
        HOME: dir,
      };
      let isStopped = false;
      const onOutput: CliOptions['onOutput'] = (output, kill) => {
        if (isStopped || !until?.test(output)) return;
        isStopped = true;
        kill('SIGINT');
      };
      await needs?.();
      const line = [...name.split(' '), ...((await words?.()) ?? []), '--json'];
      const { code, stdout, stderr } = await runCli(line, { env, cwd: dir, onOutput });
      expect(codes, stderr).toContain(code);
      // One document, or one on each line.
      const values = (await jq('.', stdout)).split('\n').length;
      expect([1, stdout.trim().split('\n').length]).toContain(values);
      expect(await jq(holds, stdout, '-s'), stdout).toBe('true');
    },
  );
});
