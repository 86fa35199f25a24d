import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { jsonText } from '../../../src/cli/remote/payload.ts';

const from = (text: string) => ({ input: Readable.from([text]) });

it('takes JSON as it is, from standard input, and from a file', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'mr-payload-'));
  const file = join(dir, 'a.json');
  await writeFile(file, '{"n": 1.0}\n');
  expect(await jsonText('{"n": 1.0}', 'It', from(''))).toBe('{"n": 1.0}');
  expect(await jsonText('-', 'It', from(' [1] '))).toBe('[1]');
  expect(await jsonText(`@${file}`, 'It', from(''))).toBe('{"n": 1.0}');
  await rm(dir, { recursive: true });
});

it('refuses what is not UTF-8, from standard input and from a file', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'mr-payload-'));
  const file = join(dir, 'a.json');
  const bytes = Buffer.from([0x22, 0xff, 0x22]);
  await writeFile(file, bytes);
  const input = Readable.from([bytes]);
  for (const word of ['-', `@${file}`]) {
    await expect(jsonText(word, 'It', { input })).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('not UTF-8'),
    });
  }
  await rm(dir, { recursive: true });
});

it.each([['{a:1}'], [''], ['-'], ['@/no/such/file']])('refuses %s with the exit code 2', async (word) => {
  await expect(jsonText(word, 'It', from('x'))).rejects.toMatchObject({ exitCode: 2 });
});
