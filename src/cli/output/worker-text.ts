import type { Worker } from '../../schemas/workers/worker.ts';
import type { Column } from './table.ts';

export const WORKER_COLUMNS: readonly Column<Worker>[] = [
  { title: 'WORKER', of: ({ name }) => name },
  { title: 'KIND', of: ({ kind }) => kind },
  { title: 'QUEUES', of: ({ queues }) => queues.join(',') },
  { title: 'RUNNING', of: ({ running }) => running, side: 'right' },
  { title: 'STATE', of: ({ draining }) => (draining ? 'draining' : 'active') },
  { title: 'SEEN', of: ({ lastSeenAt }) => lastSeenAt },
];
