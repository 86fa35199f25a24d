import { messageOf } from '../http/answers.ts';
import { pathOf } from '../http/path.ts';
import type { RequestOptions, Service } from '../http/service.ts';
import type {
  EndEvent,
  Event,
  Job as JobData,
  JobMessage,
  LogMessage,
  ResetMessage,
} from '../types/api.generated.ts';
import { type FollowOptions, follow } from './follow.ts';

/** `reset`: events may be missing here, so read again what you follow. */
export type QueueMessage = Event | ResetMessage;

export type JobStreamMessage = JobMessage | Event | EndEvent | LogMessage | ResetMessage;

export interface EventsOptions extends FollowOptions {
  /** Only events of these types. Default: all. */
  readonly types?: readonly Event['type'][] | undefined;
}

/** The events of a queue, or of all queues, as they happen. */
export async function* queueEvents(
  service: Service,
  path: string,
  { types, ...options }: EventsOptions = {},
): AsyncGenerator<QueueMessage, void> {
  const query: RequestOptions['query'] = { type: types?.join(',') };
  for await (const { data } of follow(service, path, query, options)) yield messageOf<QueueMessage>(data);
}

const ENDED: readonly string[] = ['completed', 'failed', 'cancelled', 'expired'];

/** The job as it is, then its events up to its end. Lines of its log come once each. */
export async function* jobEvents(
  service: Service,
  id: string,
  options?: FollowOptions,
): AsyncGenerator<JobStreamMessage, void> {
  let lastLine = 0;
  for await (const frame of follow(service, pathOf`/jobs/${id}/events`, {}, options)) {
    if (frame.type === 'job') {
      const job = messageOf<JobData>(frame.data);
      yield { type: 'job', id: frame.id ?? '', job };
      if (ENDED.includes(job.status)) return;
    } else if (frame.type === 'log') {
      const { lines, dropped } = messageOf<LogMessage>(frame.data);
      const fresh = lines.filter(({ line }) => line > lastLine);
      lastLine = fresh.at(-1)?.line ?? lastLine;
      if (fresh.length > 0) yield { type: 'log', lines: fresh, dropped };
    } else {
      const message = messageOf<Event | EndEvent | ResetMessage>(frame.data);
      yield message;
      if ('snapshot' in message) return;
    }
  }
}
