import { PassThrough, Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type LineLimits, readLines } from '../../../src/http/request/read-lines.ts';

const LIMITS: LineLimits = { maxLineBytes: 10 };

/** The lines of each chunk, and the message of the error that ended them. */
async function linesOf(chunks: string[], limits = LIMITS): Promise<{ lines: string[][]; error?: string }> {
  const lines: string[][] = [];
  try {
    const body = Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
    for await (const chunk of readLines(body, limits)) lines.push(chunk.map(String));
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

  it('yields the lines before a line that is too long, then throws', async () => {
    const { lines, error } = await linesOf(['a\nb\n12345', '678901\nc\n']);
    expect(lines).toEqual([['a', 'b']]);
    expect(error).toBe('The line has more than 10 bytes.');
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
