import { expect, it } from 'vitest';
import { useApi } from '../../helpers/api/server.ts';
import { useCluster } from '../../helpers/redis/cluster.ts';

const cluster = useCluster();
const api = useApi(cluster as never);

it('a Cluster is ready, and runs jobs of several queues', async () => {
  expect((await api.http.get('/readyz')).body).toMatchObject({ ready: true, topology: 'cluster' });
  console.log((await api.http.post('/jobs').send({ task: 'echo', payload: 1, queue: 'a' })).body);
});
