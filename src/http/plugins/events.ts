import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import type { Config } from '../../config.ts';
import { readHistory } from '../../events/history.ts';
import { locateJob } from '../../jobs/find.ts';
import { readJobLog } from '../../jobs/job-log.ts';
import { entryTime, formatRef, parseJobId } from '../../redis/job-id.ts';
import type { HistoryPage, HistoryQuery } from '../../schemas/event.ts';
import { visibleTo } from '../access/caller-view.ts';
import { eventFormatOf } from '../request/accept.ts';
import { type JobSource, JobStreamReader } from '../streams/job-stream.ts';
import { LogChannels, type LogSource } from '../streams/log-channels.ts';
import { QueueStreamReader } from '../streams/queue-stream.ts';
import { hasSeenEnd, resumePosition } from '../streams/resume.ts';
import { StreamHub } from '../streams/stream-hub.ts';
import { StreamResponse } from '../streams/stream-response.ts';
import { typeFilter } from '../streams/type-filter.ts';

/** A line is stored at most about so long after it was written, ms. */
const LOG_SLACK_MS = 2_000;

type StreamRequest = FastifyRequest<{
  Headers: { accept?: string; 'last-event-id'?: string };
  Querystring: { lastEventId?: string };
}>;

const lastEventId = ({ headers, query }: StreamRequest): string | undefined =>
  headers['last-event-id'] || query.lastEventId;

function logSource({ core, eventNotifier }: FastifyInstance, id: string): LogSource {
  const located = locateJob(core, id);
  return {
    read: (after) => readJobLog(core, located, after),
    follow: (wake) => eventNotifier.followLog(located.keys, formatRef(located.ref), wake),
  };
}

/** Event streams over HTTP, and the history of events. */
export const eventsPlugin = fastifyPlugin<{ config: Config }>(
  async (app, { config }) => {
    const hub = new StreamHub(app.core, app.eventNotifier, config.maxWaiters);
    const logs = new LogChannels(hub.onDefect);
    app.decorate('streamHub', hub);
    app.decorate('eventHistory', async (queue, query) =>
      readHistory(app.core.redis, app.core.keySpace.queue(queue), query),
    );
    app.addHook('preClose', async () => hub.stop());
    app.addHook('onClose', () => hub.close());

    app.decorate('streamEvents', async (request, reply, queue, types) => {
      const response = new StreamResponse(reply.raw, eventFormatOf(request.headers.accept));
      const resume = resumePosition(lastEventId(request), queue === undefined);
      const log = hub.logOf(queue, queue === undefined ? visibleTo(request.caller) : undefined);
      // Read even when resuming: without Redis the response must be a problem, not a stream that ends at once.
      const now = await log.now();
      const from = resume ?? now;
      app.enterWait(request, reply);
      hub.admit(response, queue === undefined ? {} : { queue });
      endWithAccess(request, response);
      if (!openStream(request, reply, response, resume === undefined ? log.format(from) : undefined)) return;
      await hub.serve(log, response, new QueueStreamReader(response, typeFilter(types)), from);
    });

    app.decorate('streamJob', async (request, reply, id) => {
      const response = new StreamResponse(reply.raw, eventFormatOf(request.headers.accept));
      const resume = resumePosition(lastEventId(request), false);
      const queue = parseJobId(id)?.queue ?? '';
      const log = hub.logOf(queue);
      // Read before the job, so that no event in between is missed.
      const start = await log.now();
      const job = await app.jobInspector.find(id);
      const hasEnded = job.finishedAt !== undefined;
      app.enterWait(request, reply);
      hub.admit(response, { queue, job: id });
      endWithAccess(request, response);
      if (hasEnded && resume !== undefined && (await hasSeenEnd(log, resume, job))) {
        return void reply.code(204).send(null);
      }
      if (!openStream(request, reply, response, undefined)) return;
      const source: JobSource = {
        find: () => app.jobInspector.findKept(id),
        lastId: async () => log.format(await log.now()),
        flushLog: () => logs.flush(job.id),
      };
      const reader = new JobStreamReader(response, job.id, source, (error) => hub.fail(response, error));
      if (resume === undefined) reader.snapshot(log.format(start), job);
      if (!response.isClosed) {
        const sinceMs = resume === undefined ? undefined : entryTime(resume.entry) - LOG_SLACK_MS;
        const joined = logs.join(job.id, logSource(app, job.id), reader, sinceMs);
        response.onDisconnect(() => logs.leave(job.id, reader));
        await joined.catch((error) => hub.fail(response, error));
        await hub.serve(log, response, reader, resume ?? start);
      }
      if (hasEnded) reader.finish();
    });
  },
  { name: 'events', dependencies: ['core', 'jobs'] },
);

/** Ends the stream when its caller may no longer send requests. */
function endWithAccess(request: FastifyRequest, response: StreamResponse): void {
  const unwatch = request.server.accessWatch?.watch(request, () => response.drop('access-ended'));
  if (unwatch !== undefined) response.onDisconnect(unwatch);
}

/** Takes the response over from Fastify and opens the stream. @returns false for HEAD, which is answered at once. */
function openStream(
  request: FastifyRequest,
  reply: FastifyReply,
  response: StreamResponse,
  id: string | undefined,
): boolean {
  reply.hijack();
  // What hooks have set: Fastify would write it, but the stream is written past Fastify.
  reply.raw.setHeaders(
    new Map(Object.entries(reply.getHeaders()).map(([name, value]) => [name, value ?? ''])),
  );
  response.open(id);
  if (request.method !== 'HEAD') return true;
  response.end();
  return false;
}

declare module 'fastify' {
  interface FastifyInstance {
    streamHub: StreamHub;
    /** A page of the past events of a queue. @throws {AppError} invalid-request. */
    eventHistory(queue: string, query: HistoryQuery): Promise<HistoryPage>;
    /**
     * Streams the events of a queue, or of all queues.
     *
     * @throws {AppError} not-acceptable, invalid-request or too-many-waiters, before the stream opens.
     */
    streamEvents(
      request: StreamRequest,
      reply: FastifyReply,
      queue: string | undefined,
      types: string | undefined,
    ): Promise<void>;
    /** Streams the events of a job until it ends. @throws {AppError} as above; job-not-found, job-gone. */
    streamJob(request: StreamRequest, reply: FastifyReply, id: string): Promise<void>;
  }
}
