import { expect } from 'vitest';
import { HistoryPage } from '../../../src/schemas/event.ts';
import { JobPage } from '../../../src/schemas/http.ts';
import { Job } from '../../../src/schemas/job.ts';
import { BulkSubmitResponse } from '../../../src/schemas/jobs/submit-answers.ts';
import { HeartbeatResponse, TakeResponse } from '../../../src/schemas/lease.ts';
import { Problem } from '../../../src/schemas/problem.ts';
import { QueueList, QueueStats, QueueSummary } from '../../../src/schemas/queue.ts';
import { PendingList } from '../../../src/schemas/queues/pending.ts';
import { Readiness } from '../../../src/schemas/service/readiness.ts';
import { SettledJob, SettleResponse } from '../../../src/schemas/settle.ts';
import { Acknowledged, EventsRead, Subscription } from '../../../src/schemas/subscription.ts';
import { AnnouncedTask, TaskList } from '../../../src/schemas/task-http.ts';
import { expectShape } from '../../helpers/api/expect-schema.ts';
import type { Answer, Message } from '../../helpers/api/send.ts';

/** What each answer that is no problem must look like, by the start of the path. */
const SHAPES: readonly [RegExp, Parameters<typeof expectShape>[0]][] = [
  [/^\/jobs\/batch/, BulkSubmitResponse],
  [/^\/jobs\/[^/]+\/(complete|fail|release|progress|checkpoint|log$)/, SettledJob],
  [/^\/jobs/, Job],
  [/^\/leases\/[^/]+\/heartbeat/, HeartbeatResponse],
  [/^\/leases\/[^/]+\/settle/, SettleResponse],
  [/^\/leases/, TakeResponse],
  [/^\/tasks/, TaskList],
  [/^\/queues\/[^/]+\/tasks/, AnnouncedTask],
  [/^\/queues\/[^/]+\/stats/, QueueStats],
  [/^\/queues\/[^/]+\/jobs/, JobPage],
  [/^\/queues\/[^/]+\/pending/, PendingList],
  [/^\/queues\/[^/]+\/(pause|resume)/, QueueSummary],
  [/^\/queues\/[^/]+\/history/, HistoryPage],
  [/^\/queues\/[^/]+\/subscriptions\/[^/]+\/read/, EventsRead],
  [/^\/queues\/[^/]+\/subscriptions\/[^/]+\/ack/, Acknowledged],
  [/^\/queues\/[^/]+\/subscriptions\/[^/]+$/, Subscription],
  [/^\/pending/, PendingList],
  [/^\/queues/, QueueList],
  [/^\/readyz/, Readiness],
];

/** Whether the answer is one that the service promises. `seed`: what repeats the request. */
export function judge(seed: number, message: Message, answer: Answer): void {
  const shown = `seed ${seed}: ${JSON.stringify(message).slice(0, 2_000)} -> ${answer.status} ${answer.text.slice(0, 500)}`;
  expect(answer.status, shown).toBeLessThan(500);
  if (answer.status >= 400) {
    expect(answer.headers['content-type'], shown).toMatch(/^application\/problem\+json/);
    expectShape(Problem, answer.body);
    return;
  }
  const bare = answer.status === 204 || answer.status === 304;
  if (bare) expect(answer.text, shown).toBe('');
  const shape = SHAPES.find(([pattern]) => pattern.test(message.path ?? ''))?.[1];
  if (shape !== undefined && !bare) expectShape(shape, answer.body);
}
