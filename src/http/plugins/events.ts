import type { FastifyReply, FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import type { Config } from '../../config.ts';
import { AppError } from '../../errors.ts';
import type { EventTypes } from '../../events/event-chunk.ts';
import type { EventLog } from '../../events/event-log.ts';
import { readHistory } from '../../events/history.ts';
import { comparePositions, type Position, parsePosition, START } from '../../events/position.ts';
import { entryTime, parseJobId } from '../../redis/job-id.ts';
import type { EventType, HistoryPage, HistoryQuery } from '../../schemas/event.ts';
import type { Job } from '../../schemas/job.ts';
import { eventFormatOf } from '../request/accept.ts';
import { type JobLook, JobReader } from '../streams/job-stream.ts';
import { EventReader } from '../streams/queue-stream.ts';
import { EventHub } from '../streams/stream-hub.ts';
import { EventResponse } from '../streams/stream-response.ts';

type EventRequest = FastifyRequest<{ Headers: { accept?: string; 'last-event-id'?: string } }>;

/** Where the client goes on, if it says so. @throws {AppError} invalid-request. */
function resumeFrom({ headers }: EventRequest, ofAll: boolean): Position | undefined {
  const text = headers['last-event-id'];
  if (text === undefined || text === '') return undefined;
  const position = parsePosition(text, ofAll);
  if (position !== undefined) return position;
  throw new AppError('invalid-request', 'Send the id of an event of this stream, unchanged, or 0-0.', {
    errors: [{ pointer: '/last-event-id', detail: 'is not the id of an event of this stream' }],
  });
}

const MOST_LISTS = 100;
const typeLists = new Map<string, EventTypes>();

/** The set of a list of types; the same one for the same list, so that texts made for it are shared. */
export function typesOf(list: string | undefined): EventTypes {
  if (list === undefined) return undefined;
  const types = [...new Set(list.split(','))].sort();
  const known = typeLists.get(types.join()) ?? new Set(types as EventType[]);
  if (typeLists.size >= MOST_LISTS) typeLists.clear();
  typeLists.set(types.join(), known);
  return known;
}

/** Whether the last that a client knows of a job that has ended is its end. */
async function knowsAll(source: EventLog, from: Position, job: Job): Promise<boolean> {
  if (comparePositions(from, START) === 0) return false;
  const endMs = Date.parse(job.finishedAt ?? job.createdAt);
  for await (const { gaps, chunks, position } of source.pagesAfter(from)) {
    if (gaps.length > 0) return false;
    if (chunks.some(({ events }) => events.some(({ event }) => event.job === job.id))) return false;
    if (entryTime(position.entry) > endMs) return true;
  }
  return true;
}

/** Streams of events over HTTP. */
export const eventsPlugin = fastifyPlugin<{ config: Config }>(
  async (app, { config }) => {
    const hub = new EventHub(app.core, app.eventFeed, config.maxWaiters);
    app.decorate('eventHub', hub);
    app.decorate('eventHistory', async (queue, query) =>
      readHistory(app.core.redis, await app.core.queues.existing(queue), query),
    );
    app.addHook('preClose', async () => hub.stop());
    app.addHook('onClose', () => hub.close());

    /** The answer is ours from here on; a HEAD is answered at once. */
    function take(
      request: FastifyRequest,
      reply: FastifyReply,
      response: EventResponse,
      id: string | undefined,
    ) {
      reply.hijack();
      response.open(id);
      if (request.method === 'HEAD') response.end();
      return request.method !== 'HEAD';
    }

    app.decorate('streamEvents', async (request, reply, queue, types) => {
      const response = new EventResponse(reply.raw, eventFormatOf(request.headers.accept));
      const resume = resumeFrom(request, queue === undefined);
      if (queue !== undefined) await app.core.queues.existing(queue);
      const source = app.eventHub.source(queue);
      // Asked in any case: while Redis is away the answer is a fault, and no stream that ends at once.
      const now = await source.now();
      const from = resume ?? now;
      app.eventHub.admit(response, queue === undefined ? {} : { queue });
      if (!take(request, reply, response, resume === undefined ? source.format(from) : undefined)) return;
      await app.eventHub.serve(source, response, new EventReader(response, typesOf(types)), from);
    });

    app.decorate('streamJob', async (request, reply, id) => {
      const response = new EventResponse(reply.raw, eventFormatOf(request.headers.accept));
      const resume = resumeFrom(request, false);
      const queue = parseJobId(id)?.queue ?? '';
      const source = app.eventHub.source(queue);
      // Before the job is read, so that nothing in between is missed.
      const start = await source.now();
      const job = await app.jobInspector.find(id);
      const isOver = job.finishedAt !== undefined;
      app.eventHub.admit(response, { queue, job: id });
      if (isOver && resume !== undefined && (await knowsAll(source, resume, job))) {
        return void reply.code(204).send(null);
      }
      if (!take(request, reply, response, undefined)) return;
      const look: JobLook = {
        find: () => app.jobInspector.findKept(id),
        now: async () => source.format(await source.now()),
      };
      const reader = new JobReader(response, job.id, look, (error) => app.eventHub.fail(response, error));
      if (resume === undefined) reader.snapshot(source.format(start), job);
      if (!response.isClosed) await app.eventHub.serve(source, response, reader, resume ?? start);
      if (isOver) reader.finish();
    });
  },
  { name: 'events', dependencies: ['core', 'jobs'] },
);

declare module 'fastify' {
  interface FastifyInstance {
    eventHub: EventHub;
    /** A page of what happened in a queue. @throws {AppError} queue-not-found, invalid-request. */
    eventHistory(queue: string, query: HistoryQuery): Promise<HistoryPage>;
    /**
     * Streams the events of a queue, or of all.
     *
     * @throws {AppError} not-acceptable, invalid-request, queue-not-found or too-many-waiters, before the answer begins.
     */
    streamEvents(
      request: EventRequest,
      reply: FastifyReply,
      queue: string | undefined,
      types: string | undefined,
    ): Promise<void>;
    /** Streams the events of a job up to its end. @throws {AppError} likewise, job-not-found or job-gone. */
    streamJob(request: EventRequest, reply: FastifyReply, id: string): Promise<void>;
  }
}
