import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useApi } from '../helpers/api/server.ts';
import { startGate } from '../helpers/cli/gate.ts';
import { type Outcome, runCli } from '../helpers/cli/run-cli.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);
const AGAIN_MS = 100;
let file: string;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mr-hurry-'));
  file = join(dir, 'jobs.ndjson');
  await writeFile(file, '{}\n{}\n');
  await api.submit({ task: 'echo', queue: 'dead' });
});
afterAll(() => rm(dir, { recursive: true }));

/** Runs a command whose first change is never answered, and presses Ctrl-C until it ends. */
async function hurry(words: readonly string[]): Promise<Outcome & { readonly url: string }> {
  const gate = await startGate(api.origin, 0);
  let again: NodeJS.Timeout | undefined;
  const outcome = await runCli([...words, '--url', gate.origin], {
    onStart: (kill) =>
      void gate.holds.then(() => {
        again = setInterval(() => kill('SIGINT'), AGAIN_MS);
      }),
  });
  clearInterval(again);
  await gate.close();
  return { ...outcome, url: gate.origin };
}

describe('a second Ctrl-C ends at once, and says how to go on', () => {
  it('with a submit of a file', async () => {
    const { code, stderr, url } = await hurry(['submit', 'echo', '--ndjson', file]);
    const line = `Stopped before line 1. Go on with: millrace submit echo --ndjson ${file} --url ${url} --from-line 1 --run `;
    expect([code, stderr]).toEqual([130, expect.stringContaining(line)]);
  });

  it.each([
    ['retry', []],
    ['purge', ['--yes']],
  ])('with dead %s', async (verb, more) => {
    const { code, stderr, url } = await hurry(['dead', verb, 'dead', ...more]);
    const line = `Stopped after 0 jobs. Go on with: millrace dead ${verb} dead --url ${url}\n`;
    expect([code, stderr]).toEqual([130, line]);
  });

  it.each(['cancel', 'retry'])('with %s of several jobs', async (verb) => {
    const { code, stderr } = await hurry([verb, 'default~nzzzzzzzz-0', 'default~nzzzzzzzz-1']);
    expect([code, stderr]).toEqual([
      130,
      expect.stringMatching(/^Stopped after 0 jobs; .* Run the command again/),
    ]);
  });
});
