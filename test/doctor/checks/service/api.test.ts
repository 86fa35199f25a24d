import { expect, it } from 'vitest';
import { checkApi } from '../../../../src/doctor/checks/service/api.ts';
import { apiReadings } from '../../../helpers/doctor/states.ts';

const url = 'http://127.0.0.1:3000';
const levels = (changes: Parameters<typeof apiReadings>[0]) =>
  checkApi({ url, api: apiReadings(changes) }).map(({ id, level }) => [id, level]);

it('says that the API is ready', () => {
  expect(levels({})).toEqual([['api', 'ok']]);
});

it('hands on why the API is not ready, and its warnings', () => {
  const readiness = {
    ready: false,
    reasons: ['Redis refuses writes: READONLY'],
    warnings: ['DEAD_MAX is 1 here.'],
  };
  expect(levels({ readiness })).toEqual([
    ['api', 'fault'],
    ['api-warning', 'warning'],
  ]);
});

it('hands on the warnings of an API that is ready', () => {
  const readiness = { ready: true, reasons: [], warnings: ['DEAD_MAX is 1 here.'] };
  expect(levels({ readiness })).toEqual([
    ['api', 'ok'],
    ['api-warning', 'warning'],
  ]);
});

it('notes that a key is lacking', () => {
  const refused = { refused: 'GET /queues?limit=1000 was answered with 401' };
  const findings = checkApi({
    url,
    api: apiReadings({ queues: refused, workers: refused, schedules: refused }),
  });
  expect(findings[1]).toMatchObject({
    id: 'api-rights',
    level: 'note',
    todo: expect.stringContaining('MILLRACE_KEY'),
  });
});

it('finds an API that does not answer', () => {
  const [finding] = checkApi({ url, fault: 'connect ECONNREFUSED 127.0.0.1:3000' });
  expect(finding).toMatchObject({ id: 'api', level: 'fault', todo: expect.stringContaining('MILLRACE_URL') });
  const [untrusted] = checkApi({ url, fault: 'self-signed certificate' });
  expect(untrusted?.todo).toContain('NODE_EXTRA_CA_CERTS');
});
