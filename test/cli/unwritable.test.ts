import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useApi } from '../helpers/api/server.ts';
import { MAIN } from '../helpers/cli/run-cli.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);
const MANY = 3_000;
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mr-unwritable-'));
});
afterAll(() => rm(dir, { recursive: true }));

/** Runs a line of bash in which `millrace` is the program. @returns the exit code of its first part, and its messages. */
async function shell(line: string): Promise<{ code: string; stderr: string }> {
  const millrace = `millrace() { '${process.execPath}' '${MAIN}' "$@"; }`;
  const env = { ...process.env, MILLRACE_URL: api.origin };
  const command = `${millrace}; ${line} >&3; echo "\${PIPESTATUS[0]}"`;
  const { stdout, stderr } = await promisify(execFile)('bash', ['-c', `exec 3>/dev/null; ${command}`], {
    env,
  });
  return { code: stdout.trim(), stderr };
}

describe('when the reader of the output goes away', () => {
  it('a submit of many stops, says where to go on, and goes on from there', async () => {
    const file = join(dir, 'many.ndjson');
    await writeFile(file, '{}\n'.repeat(MANY));
    const { code, stderr } = await shell(
      `millrace submit echo --ndjson '${file}' -q many --json | head -n 1`,
    );
    expect(code).toBe('141');
    const goOn = /Go on with: (.*)/.exec(stderr)?.[1] ?? '';
    expect(await shell(`${goOn} --json`)).toMatchObject({ code: '0' });
    const { body } = await api.http.get('/queues/many');
    expect(body.counts.queued).toBe(MANY);
  });

  it('a cancel of many stops, says so, and goes on when it runs again', async () => {
    const jobs = Array.from({ length: 500 }, () => ({ task: 'echo', queue: 'off', delay: '1h' }));
    const { body } = await api.http.post('/jobs/batch').send({ jobs });
    const file = join(dir, 'ids');
    await writeFile(file, (body.items as { id: string }[]).map(({ id }) => `${id}\n`).join(''));
    const { code, stderr } = await shell(`millrace cancel - --json < '${file}' | head -n 1`);
    expect(code).toBe('141');
    expect(stderr).toMatch(/^Stopped after \d+ jobs; \d+ are cancelled\. Run the command again to go on\.$/m);
    expect(await shell(`millrace cancel - --json < '${file}'`)).toEqual({ code: '0', stderr: '' });
    expect((await api.http.get('/queues/off')).body.counts.scheduled).toBe(0);
  });
});

it('a full disk is told in a line', async () => {
  expect(
    await shell('millrace queues --json | cat; (millrace queues > /dev/full); echo $? >&2; true'),
  ).toMatchObject({
    stderr: expect.stringMatching(/^millrace: The output cannot be written: ENOSPC.*\n74\n$/),
  });
});
