import { Readable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { readReportBody, reportLimit } from '../../../src/http/reports/read-body.ts';
import { OversizeReport } from '../../../src/leases/settle/oversize-report.ts';
import { MAX_SETTLED } from '../../../src/schemas/settle.ts';

const LIMIT = 10_000;
const read = (...chunks: string[]) =>
  readReportBody(Readable.from(chunks.map((chunk) => Buffer.from(chunk))), LIMIT);
const long = '"x"'.replace('x', 'x'.repeat(2 * LIMIT));

const settled = (count: number) =>
  `{"complete":[${Array(count - 2)
    .fill('0')
    .join(',')}],"fail":[{"error":1}],"release":[{"delayMs":1}]}`;
const inFull = (body: string) => readReportBody(Readable.from([Buffer.from(body)]), 1_048_576);

describe('the body of a report', () => {
  it('is refused without a parse when it settles too many jobs', async () => {
    expect(await inFull(settled(MAX_SETTLED))).toMatchObject({ complete: { length: MAX_SETTLED - 2 } });
    const parse = vi.spyOn(JSON, 'parse');
    await expect(inFull(settled(MAX_SETTLED + 1))).rejects.toMatchObject({
      code: 'invalid-request',
      errors: [{ pointer: '', detail: expect.stringContaining('at most 10000 jobs in all') }],
    });
    expect(parse).not.toHaveBeenCalled();
    parse.mockRestore();
  });

  it('is known by its beginning when it has too many values', async () => {
    const lines = (count: number) => `{"lease":"l","log":[${Array(count).fill('""').join(',')}]}`;
    expect(await inFull(lines(40_000))).toMatchObject({ log: { length: 40_000 } });
    expect(await inFull(lines(60_000))).toMatchObject({
      lease: 'l',
      log: expect.stringContaining('{"lease":"l"'),
    });
  });

  it('is read as JSON up to the limit', async () => {
    expect(await read('{"a":', '1}')).toEqual({ a: 1 });
    expect(await read()).toBeUndefined();
    await expect(read('{')).rejects.toMatchObject({ code: 'broken-json' });
  });

  it.each([
    ['first', `{"lease":"l~1~q","result":${long}}`],
    ['last', `{ "result": ${long} , "lease" : "l~1~q" }\n`],
  ])('is known by its lease beyond the limit, when that comes %s', async (_, body) => {
    for (const parts of [[body], body.match(/.{1,700}/gs) ?? []]) {
      const report = await read(...parts);
      expect(report).toBeInstanceOf(OversizeReport);
      expect(report).toMatchObject({ lease: 'l~1~q', bytes: body.length });
    }
  });

  it.each([
    `{"result":${long},"lease":"l","x":1}`,
    `{"result":{"a":${long},"lease":"l"}}`,
    `{"result":${long.slice(0, -1)}\\"lease\\":\\"l\\"}"}`,
  ])('takes nothing else for the lease', async (body) => {
    expect(await read(body)).toMatchObject({ lease: undefined });
  });

  it('is refused when it breaks off', async () => {
    const broken = new Readable({ read: () => undefined });
    broken.push('{"a"');
    setImmediate(() => broken.destroy(Object.assign(new Error('aborted'), { code: 'ECONNRESET' })));
    await expect(readReportBody(broken, LIMIT)).rejects.toMatchObject({ code: 'invalid-request' });
  });
});

it('a report may have twice the bytes of a result, at least 8 MiB', () => {
  expect([reportLimit(1_024), reportLimit(16_777_216)]).toEqual([8_388_608, 33_554_432]);
});
