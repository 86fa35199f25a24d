import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readHost } from '../../../src/doctor/readings/read-host.ts';

let root: string;
beforeAll(async () => {
  root = `${await mkdtemp(join(tmpdir(), 'mr-host-'))}/`;
  const write = async (file: string, text: string) => {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), text);
  };
  await write('sys/kernel/mm/transparent_hugepage/enabled', '[always] madvise never\n');
  await write('proc/sys/vm/overcommit_memory', '0\n');
  await write('proc/7/status', 'Name:\tredis-server\nTHP_enabled:\t1\n');
  await write('proc/8/status', 'Name:\tbash\nTHP_enabled:\t1\n');
});
afterAll(() => rm(root, { recursive: true }));

it.each([
  ['7', true],
  // Another process has the id that Redis has in its container.
  ['8', undefined],
  ['9', undefined],
  ['', undefined],
])('of process %j it reads %s', async (pid, redisGetsHugePages) => {
  expect(await readHost(pid, root)).toEqual({
    hugePages: '[always] madvise never',
    overcommit: '0',
    redisGetsHugePages,
  });
});

it('reads nothing where the files are not there', async () => {
  const nothing = { hugePages: undefined, overcommit: undefined, redisGetsHugePages: undefined };
  expect(await readHost('7', `${root}empty/`)).toEqual(nothing);
});
