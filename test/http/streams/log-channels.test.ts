import { expect, it } from 'vitest';
import { LogChannels, type LogReader } from '../../../src/http/streams/log-channels.ts';
import { until } from '../../helpers/redis/server.ts';

function createLog() {
  const reads: number[] = [];
  const wakes = new Set<() => void>();
  let total = 0;
  let fault: Error | undefined;
  const line = (number: number) => ({
    line: number,
    at: new Date(1_000 * number).toISOString(),
    attempt: 1,
    level: 'info',
    message: String(number),
  });
  return {
    reads,
    wakes,
    write: (count: number) => {
      total += count;
      for (const wake of wakes) wake();
    },
    failWith: (error: Error) => {
      fault = error;
    },
    source: {
      read: async (after: number) => {
        reads.push(after);
        if (fault !== undefined) throw fault;
        return { lines: Array.from({ length: total - after }, (_, i) => line(after + i + 1)), total };
      },
      follow: async (wake: () => void) => {
        wakes.add(wake);
        return () => void wakes.delete(wake);
      },
    },
  };
}

function createReader() {
  const got: number[] = [];
  const reader: LogReader & { got: number[]; isFailed: boolean; isClosed: boolean } = {
    got,
    isClosed: false,
    isFailed: false,
    log: (lines) => void got.push(...lines.map(({ line }) => line)),
    fail: () => {
      reader.isFailed = true;
    },
  };
  return reader;
}

it('reads new lines once for all readers of a job', async () => {
  const log = createLog();
  const channels = new LogChannels(() => undefined);
  const [one, two] = [createReader(), createReader()];
  log.write(2);
  await channels.join('job', log.source, one, undefined);
  await channels.join('job', log.source, two, 2_000);
  expect([one.got, two.got]).toEqual([[1, 2], [2]]);
  expect(log.wakes.size).toBe(1);
  log.reads.length = 0;
  log.write(1);
  await channels.flush('job');
  expect([one.got, two.got]).toEqual([
    [1, 2, 3],
    [2, 3],
  ]);
  expect(log.reads.length).toBeLessThanOrEqual(2);
  channels.leave('job', one);
  channels.leave('job', two);
  await until(() => log.wakes.size === 0, 'the end of the watch');
  await channels.flush('job');
});

it('forgets a reader that has gone while it joined', async () => {
  const log = createLog();
  const channels = new LogChannels(() => undefined);
  const [gone, stays] = [createReader(), createReader()];
  await channels.join('job', log.source, stays, undefined);
  const joined = channels.join('job', log.source, gone, undefined);
  gone.isClosed = true;
  channels.leave('job', gone);
  await joined;
  log.write(1);
  await channels.flush('job');
  expect([gone.got, stays.got]).toEqual([[], [1]]);
});

it('fails its readers by a defect, which it reports', async () => {
  const log = createLog();
  const defects: unknown[] = [];
  const channels = new LogChannels((error) => defects.push(error));
  const reader = createReader();
  await channels.join('job', log.source, reader, undefined);
  log.failWith(new Error('broken'));
  log.write(1);
  await until(() => reader.isFailed, 'the failure');
  expect(defects).toHaveLength(1);
});
