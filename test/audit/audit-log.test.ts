import { describe, expect, it, vi } from 'vitest';
import { AuditLog } from '../../src/audit/audit-log.ts';
import { readAudit } from '../../src/audit/read-audit.ts';
import type { AuditRecord } from '../../src/audit/record.ts';
import type { Core } from '../../src/core/core.ts';
import { connectForRequests } from '../../src/redis/connect.ts';
import { KeySpace } from '../../src/redis/keyspace.ts';
import { scripts } from '../../src/scripts.ts';
import { createTestCore } from '../helpers/redis/core.ts';
import { useRedis } from '../helpers/redis/server.ts';
import { recordEvents } from '../helpers/telemetry/recorder.ts';

const redis = useRedis();

const call = (target: string, status = 200): AuditRecord => ({
  key: 'k',
  address: '127.0.0.1',
  method: 'POST',
  route: '/queues/:name/pause',
  target,
  status,
});

const coreOf = (prefix: string): Core => createTestCore(redis.client, { prefix });
const targetsOf = ({ items }: { items: readonly AuditRecord[] }) => items.map(({ target }) => target);

async function write(
  core: Core,
  calls: readonly AuditRecord[],
  refused: readonly AuditRecord[] = [],
  max = 100,
) {
  const log = new AuditLog(core, max);
  for (const one of calls) log.managed(one);
  for (const one of refused) log.refused(one);
  await log.stop();
}

describe('the audit', () => {
  it('keeps what was written last, the newest first', async () => {
    const core = coreOf('newest');
    await write(
      core,
      ['a', 'b', 'c'].map((target) => call(target)),
      [],
      2,
    );
    expect(await readAudit(core, { limit: 10 })).toEqual({
      items: [
        { ...call('c'), at: expect.any(Number) },
        { ...call('b'), at: expect.any(Number) },
      ],
    });
  });

  it('writes by itself, soon after a call', async () => {
    const core = coreOf('soon');
    new AuditLog(core, 100).managed(call('a'));
    await expect.poll(async () => targetsOf(await readAudit(core, { limit: 10 }))).toEqual(['a']);
  });

  it('keeps what was managed, however many calls are refused', async () => {
    const core = coreOf('flood');
    await write(core, [call('managed')], [], 5);
    const before = Number(await redis.client.xlen(core.keySpace.audit.refused));
    await write(
      core,
      [],
      Array.from({ length: 5_000 }, () => call('refused', 401)),
      100,
    );
    expect(targetsOf(await readAudit(core, { limit: 1_000 }))).toContain('managed');
    expect((await redis.client.xlen(core.keySpace.audit.refused)) - before).toBe(21);
    const [last] = (await readAudit(core, { limit: 1 })).items;
    expect(last).toMatchObject({ ...call('refused', 401), more: 5_000 - 20 - 1 });
  });

  it('has pages that leave out nothing and repeat nothing, also where calls share their time', async () => {
    const core = coreOf('pages');
    for (let ms = 1; ms <= 5; ms += 1) {
      for (const list of ['calls', 'refused'] as const) {
        for (let seq = 0; seq < 2; seq += 1) {
          await redis.client.xadd(core.keySpace.audit[list], `${ms}-${seq}`, 'o', `${ms}-${seq}-${list}`);
        }
      }
    }
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await readAudit(core, { limit: 3, cursor, from: 2, to: 4 });
      expect(page.items.length).toBeLessThanOrEqual(3);
      seen.push(...targetsOf(page));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    const expected = [4, 3, 2].flatMap((ms) =>
      [1, 0].flatMap((seq) => ['calls', 'refused'].map((list) => `${ms}-${seq}-${list}`)),
    );
    expect(seen).toEqual(expected);
    // A client may ask for an earlier end than that of the page before.
    const { nextCursor } = await readAudit(core, { limit: 1 });
    const earlier = await readAudit(core, { limit: 10, cursor: nextCursor, to: 1 });
    expect(new Set(earlier.items.map(({ at }) => at))).toEqual(new Set([1]));
    // Any client of Redis can add an entry that lacks a field.
    const [incomplete] = (await readAudit(core, { limit: 1 })).items;
    expect(incomplete).toEqual({
      ...call('5-1-calls', 0),
      key: '',
      address: '',
      method: '',
      route: '',
      at: 5,
    });
  });

  it('writes the refused calls that it has counted when their time is over, and starts again', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    try {
      const { keySpace, observe } = coreOf('windows');
      const xadd = vi.fn(async () => undefined);
      const log = new AuditLog({ redis: { xadd } as unknown as Core['redis'], keySpace, observe }, 100);
      for (const window of [1, 2]) {
        for (let i = 0; i < 30; i += 1) log.refused(call('refused', 401));
        vi.advanceTimersByTime(10_000);
        vi.advanceTimersByTime(100);
        expect(xadd).toHaveBeenCalledTimes(window * 21);
      }
    } finally {
      vi.useRealTimers();
    }
  });

  it('holds at most 1,000 calls at a time, and tells of the others', async () => {
    const { observe, ofKind } = recordEvents('audit-unwritten');
    const core = createTestCore(redis.client, { prefix: 'burst' }, observe);
    const calls = Array.from({ length: 1_003 }, (_, i) => call(`${i}`));
    await write(core, calls, [], 2_000);
    expect(await redis.client.xlen(core.keySpace.audit.calls)).toBe(1_000);
    expect(ofKind('audit-unwritten').map(({ target }) => target)).toEqual(['1000', '1001', '1002']);
  });

  it('has stopped when all is written', async () => {
    const { keySpace, observe } = coreOf('slow');
    let finish: (() => void) | undefined;
    const xadd = () => new Promise<void>((resolve) => (finish = resolve));
    const log = new AuditLog({ redis: { xadd } as unknown as Core['redis'], keySpace, observe }, 100);
    log.managed(call('a'));
    let hasStopped = false;
    const stopped = log.stop().then(() => {
      hasStopped = true;
    });
    await new Promise(setImmediate);
    expect(hasStopped).toBe(false);
    finish?.();
    await stopped;
  });

  it('tells what Redis does not take, and holds nobody up', async () => {
    const { observe, ofKind } = recordEvents('audit-unwritten');
    const away = connectForRequests({
      url: 'redis://127.0.0.1:1',
      name: 'away',
      scripts,
      onError: () => undefined,
    });
    const log = new AuditLog({ redis: away, keySpace: new KeySpace('away'), observe }, 100);
    log.managed(call('a'));
    await log.stop();
    away.disconnect();
    expect(ofKind('audit-unwritten')).toEqual([{ kind: 'audit-unwritten', ...call('a') }]);
  });
});
