import { createReadStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { PassThrough, Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { linesOf } from '../../../../src/cli/remote/lines/lines.ts';

const never = new AbortController().signal;

async function all(input: Readable, stop = never): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of linesOf(input, stop)) lines.push(line);
  return lines;
}

it('cuts text into lines, wherever its chunks end', async () => {
  const bytes = Buffer.from('ä\r\n\n😀 b\nlast');
  const chunks = [...bytes].map((byte) => Buffer.from([byte]));
  for (const input of [Readable.from([bytes]), Readable.from(chunks)]) {
    expect(await all(input)).toEqual(['ä', '', '😀 b', 'last']);
  }
});

it('names the line that is not UTF-8, and refuses what cannot be read', async () => {
  await expect(all(Readable.from([Buffer.from([0x61, 0x0a, 0xff, 0x0a])]))).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining('Line 2'),
  });
  await expect(all(createReadStream(tmpdir()))).rejects.toMatchObject({ exitCode: 2 });
});

it('stops while it waits for a line', async () => {
  const stop = new AbortController();
  const input = new PassThrough();
  input.write('one\ntwo\nthr');
  const lines: string[] = [];
  for await (const line of linesOf(input, stop.signal)) {
    lines.push(line);
    if (line === 'two') stop.abort();
  }
  expect(lines).toEqual(['one', 'two']);
});
