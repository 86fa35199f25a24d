import type { Backlog } from './fill.ts';
import { httpStops } from './stops/http.ts';
import { queueStops } from './stops/queue.ts';
import { readStops } from './stops/reads.ts';
import type { Stop } from './stops/site.ts';
import { submitStops } from './stops/submits.ts';
import { workerStops } from './stops/worker.ts';

/** All that is done with a queue; each stop leaves enough jobs for the next. */
export const tourOf = (backlog: Backlog): Stop[] => [
  ...httpStops(),
  ...submitStops,
  ...workerStops(),
  ...readStops(backlog),
  ...queueStops(),
];
