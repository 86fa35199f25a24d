import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import {
  EventHeaders,
  EventsQuery,
  HistoryPage,
  HistoryQuery,
  JobEventsQuery,
} from '../src/schemas/event.ts';
import { EventStream, JobEventStream } from '../src/schemas/event-stream.ts';
import { JobParams, problems, QueueParams } from '../src/schemas/http.ts';

export const eventRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/jobs/:id/events',
    {
      schema: {
        operationId: 'streamJobEvents',
        summary: 'Follow a job until it ends',
        description:
          'The stream starts with the current job (`job`) unless you send `Last-Event-ID`. It ends with the final event of the job, which carries the job in `snapshot`.',
        tags: ['events'],
        params: JobParams,
        querystring: JobEventsQuery,
        headers: EventHeaders,
        response: {
          200: JobEventStream,
          204: Type.Null({
            description: 'The job has ended and you have seen its last event: do not reconnect.',
          }),
          ...problems(400, 404, 406, 410, 500, 503),
        },
      },
    },
    (request, reply) => app.streamJob(request, reply, request.params.id),
  );

  app.get(
    '/queues/:name/events',
    {
      schema: {
        operationId: 'streamQueueEvents',
        summary: 'Follow the events of a queue',
        description:
          'The stream continues after `Last-Event-ID` with every event once, in order. Of a queue that had no job yet it waits for the first. `reset` says that events may be missing. `dropped` says why the service ends the stream.',
        tags: ['events'],
        params: QueueParams,
        querystring: EventsQuery,
        headers: EventHeaders,
        response: { 200: EventStream, ...problems(400, 406, 500, 503) },
      },
    },
    (request, reply) => app.streamEvents(request, reply, request.params.name, request.query.type),
  );

  app.get(
    '/events',
    {
      schema: {
        operationId: 'streamEvents',
        summary: 'Follow the events of all queues',
        description: 'As for one queue, ordered by time. The ids are valid for this stream only.',
        tags: ['events'],
        querystring: EventsQuery,
        headers: EventHeaders,
        response: { 200: EventStream, ...problems(400, 406, 500, 503) },
      },
    },
    (request, reply) => app.streamEvents(request, reply, undefined, request.query.type),
  );

  app.get(
    '/queues/:name/history',
    {
      schema: {
        operationId: 'listHistory',
        summary: 'List the past events of a queue',
        description:
          'A queue keeps about its last 10,000 stream entries, and more for durable subscriptions.',
        tags: ['events'],
        params: QueueParams,
        querystring: HistoryQuery,
        response: { 200: HistoryPage, ...problems(400, 500, 503) },
      },
    },
    ({ params, query }) => app.eventHistory(params.name, query),
  );
};
