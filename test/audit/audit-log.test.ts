import { describe, expect, it } from 'vitest';
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
