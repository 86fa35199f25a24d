import { expect, it } from 'vitest';
import { checkWorkers } from '../../../../src/doctor/checks/service/workers.ts';
import type { Worker } from '../../../../src/schemas/workers/worker.ts';

const worker = (release: string | undefined): Worker => ({
  name: `host.${release}`,
  kind: 'typescript',
  queues: ['default'],
  ...(release !== undefined && { release }),
  startedAt: '2026-01-31T12:00:00.000Z',
  lastSeenAt: '2026-01-31T12:00:00.000Z',
  expiresAt: '2026-01-31T12:01:00.000Z',
  running: 2,
  leases: [],
  draining: false,
});

it.each([
  [[], [['workers', 'note']]],
  [[worker('1.0.0'), worker('1.0.0')], [['workers', 'ok']]],
  // An HTTP worker tells no release.
  [[worker('1.0.0'), worker(undefined)], [['workers', 'ok']]],
  [
    [worker('1.0.0'), worker('1.1.0')],
    [
      ['workers', 'ok'],
      ['releases', 'note'],
    ],
  ],
])('judges %#', (workers, expected) => {
  expect(checkWorkers(workers).map(({ id, level }) => [id, level])).toEqual(expected);
});
