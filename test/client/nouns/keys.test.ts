import { expect, it } from 'vitest';
import { Millrace } from '../../../src/client/index.ts';
import { ADMIN_KEY, WITH_KEYS } from '../../helpers/api/keys.ts';
import { useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis, WITH_KEYS);

it('are made, used, listed and revoked, and the audit tells of them', async () => {
  const admin = new Millrace({ url: api.origin, key: ADMIN_KEY });
  const { id, key } = await admin.keys.create({ name: 'reader', scopes: ['read'] });
  const reader = new Millrace({ url: api.origin, key });
  await reader.queue('default').get();
  await expect(reader.submit('echo')).rejects.toMatchObject({ code: 'forbidden', status: 403 });
  expect((await admin.keys.list().first(10)).map(({ name }) => name)).toEqual(['reader']);
  await admin.keys.revoke(id);
  await expect(admin.keys.revoke(id)).rejects.toMatchObject({ code: 'key-not-found' });
  await expect(new Millrace({ url: api.origin }).get('x')).rejects.toMatchObject({ code: 'unauthorized' });
  await expect.poll(async () => (await admin.audit().first(20)).map(({ route }) => route)).toContain('/keys');
});
