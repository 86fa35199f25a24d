import { until } from '../../helpers/redis/server.ts';
import type { Clients } from './clients.ts';
import type { Cluster } from './cluster.ts';

/** When the first job was accepted that was accepted after this moment; waits for it. Unix ms. */
export const nextAccepted = (clients: Clients, after: number): Promise<number> =>
  until(() => clients.acceptedSince(after), 'another job that is accepted');

/** When the first handler started after this moment; waits for it. Unix ms. */
export const nextStarted = (cluster: Cluster, after: number): Promise<number> =>
  until(() => cluster.journal.startedSince(after), 'another job that runs');
