import { PassThrough, Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import { type LineLimits, readLines } from '../../../src/http/request/read-lines.ts';

const LIMITS: LineLimits = { maxLineBytes: 10 };

/** The lines of each chunk, and the message of the error that ended them. */
async function linesOf(chunks: string[], limits = LIMITS): Promise<{ lines: string[][]; error?: string }> {
  const lines: string[][] = [];
  try {
    const body = Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
    for await (const chunk of readLines(body, limits))
      lines.push(chunk.map((line) => (line instanceof AppError ? line.message : String(line))));
    return { lines };
  } catch (error) {
    return { lines, error: (error as Error).message };
  }
}

describe('readLines', () => {
  it('yields the lines of each chunk together, however the body is cut', async () => {
    expect(await linesOf(['a\nb', 'c\n\nd\n', 'e', 'f'])).toEqual({ lines: [['a'], ['bc', 'd'], ['ef']] });
  });

  it('leaves blank lines out', async () => {
    expect(await linesOf(['\n \t\r\n', 'a\r\n', '\n'])).toEqual({ lines: [['a\r']] });
  });

  it('yields an error in place of a line that is too long', async () => {
    expect(await linesOf(['a\nb\n12345', '678901', '234\nc\n', '1234567890\n'])).toEqual({
      lines: [['a', 'b'], ['The line has more than 10 bytes.', 'c'], ['1234567890']],
    });
  });

  it('leaves out a byte order mark at the start, and only there', async () => {
    expect(await linesOf(['\ufeffa\n\ufeffb'])).toEqual({ lines: [['a'], ['\ufeffb']] });
  });

  it('says that the body broke off when the client has gone', async () => {
    const body = new PassThrough();
    body.write('a\nb');
    setImmediate(() => body.destroy(Object.assign(new Error('aborted'), { code: 'ECONNRESET' })));
    const read = async () => {
      for await (const _ of readLines(body, LIMITS));
    };
    await expect(read()).rejects.toMatchObject({ code: 'invalid-request' });
  });

  it('throws when the whole body is too long', async () => {
    const { lines, error } = await linesOf(['a\n', 'b\n'], { ...LIMITS, maxBytes: 3 });
    expect(lines).toEqual([['a']]);
    expect(error).toBe('The body has more than 3 bytes.');
  });

  it('drains what the caller does not read', async () => {
    const body = new PassThrough();
    body.write('a\n');
    for await (const _ of readLines(body, LIMITS)) break;
    body.end('x'.repeat(1_000));
    while (!body.readableEnded) await nextTurn();
    expect(body.readableEnded).toBe(true);
  });
});
