import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { EventHeaders, EventsQuery, HistoryPage, HistoryQuery, NoQuery } from '../src/schemas/event.ts';
import { EventStream, JobEventStream } from '../src/schemas/event-stream.ts';
import { JobParams, problems, QueueParams } from '../src/schemas/http.ts';

export const eventRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/jobs/:id/events',
    {
      schema: {
        operationId: 'streamJobEvents',
        summary: 'Follow a job to its end',
        description:
          'Begins with the job as it is (`job`), unless Last-Event-ID is sent, and ends with the event of its end, which has the job in `snapshot`. 204 when the end is known to the client.',
        tags: ['events'],
        params: JobParams,
        querystring: NoQuery,
        headers: EventHeaders,
        response: {
          200: JobEventStream,
          204: Type.Null({ description: 'The job has ended, and you know: do not come back.' }),
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
        summary: 'Follow what happens in a queue',
        description:
          'Goes on after Last-Event-ID with every event once, in order. `reset`: some in between are not kept any more; `dropped`: the service ends the stream, and says why.',
        tags: ['events'],
        params: QueueParams,
        querystring: EventsQuery,
        headers: EventHeaders,
        response: { 200: EventStream, ...problems(400, 404, 406, 500, 503) },
      },
    },
    (request, reply) => app.streamEvents(request, reply, request.params.name, request.query.type),
  );

  app.get(
    '/events',
    {
      schema: {
        operationId: 'streamEvents',
        summary: 'Follow what happens in all queues',
        description: 'As for one queue, in the order of time; ids are those of this stream.',
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
        summary: 'What happened in a queue',
        description: 'Of the events that are kept, about the last 10,000 moves.',
        tags: ['events'],
        params: QueueParams,
        querystring: HistoryQuery,
        response: { 200: HistoryPage, ...problems(400, 404, 500, 503) },
      },
    },
    ({ params, query }) => app.eventHistory(params.name, query),
  );
};
