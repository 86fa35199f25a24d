import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { idempotencyKey, replayed } from '../src/http/request/idempotency-key.ts';
import { OnceHeaders, problems, ReplayedHeader } from '../src/schemas/http.ts';
import { PreviewSchedule, PutSchedule } from '../src/schemas/schedule.ts';
import {
  Preview,
  PreviewQuery,
  ScheduleListQuery,
  SchedulePage,
  ScheduleParams,
} from '../src/schemas/schedule-http.ts';

const DEFAULT_LIMIT = 100;
const DEFAULT_PREVIEW = 10;

const schedule = (description: string) => ({ ...Type.Ref('Schedule'), description });

export const scheduleRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.put(
    '/schedules/:id',
    {
      schema: {
        operationId: 'putSchedule',
        summary: 'Make or replace a schedule',
        description:
          'The same again changes nothing. Counts go on where cron, every and timeZone stay; a schedule that is paused stays so.',
        tags: ['schedules'],
        params: ScheduleParams,
        body: PutSchedule,
        response: {
          200: schedule('The schedule that was replaced, as it is now.'),
          201: schedule('The new schedule.'),
          ...problems(400, 409, 413, 415, 422, 500, 503),
        },
      },
    },
    async ({ params, body }, reply) => {
      const { created, schedule } = await app.scheduler.put(params.id, body);
      return reply.code(created ? 201 : 200).send(schedule);
    },
  );

  app.get(
    '/schedules/:id',
    {
      schema: {
        operationId: 'getSchedule',
        summary: 'Read a schedule, and how far it has come',
        tags: ['schedules'],
        params: ScheduleParams,
        response: { 200: schedule('The schedule as it is now.'), ...problems(400, 404, 500, 503) },
      },
    },
    ({ params }) => app.scheduler.get(params.id),
  );

  app.delete(
    '/schedules/:id',
    {
      schema: {
        operationId: 'removeSchedule',
        summary: 'Remove a schedule',
        description: 'Jobs that it has submitted stay.',
        tags: ['schedules'],
        params: ScheduleParams,
        response: { 204: Type.Null({ description: 'Removed.' }), ...problems(400, 404, 409, 500, 503) },
      },
    },
    async ({ params }, reply) => {
      await app.scheduler.remove(params.id);
      return reply.code(204).send(null);
    },
  );

  app.get(
    '/schedules',
    {
      schema: {
        operationId: 'listSchedules',
        summary: 'List the schedules',
        tags: ['schedules'],
        querystring: ScheduleListQuery,
        response: { 200: SchedulePage, ...problems(400, 500, 503) },
      },
    },
    ({ query }) => app.scheduler.list({ limit: DEFAULT_LIMIT, ...query }),
  );

  for (const [verb, summary] of [
    ['pause', 'Stop a schedule from firing'],
    ['resume', 'Let a schedule fire again'],
  ] as const) {
    app.post(
      `/schedules/:id/${verb}`,
      {
        schema: {
          operationId: `${verb}Schedule`,
          summary,
          description: 'Slots that come while it is paused are not made up for.',
          tags: ['schedules'],
          params: ScheduleParams,
          response: { 200: schedule('The schedule as it is now.'), ...problems(400, 404, 409, 500, 503) },
        },
      },
      ({ params }) => app.scheduler[verb](params.id),
    );
  }

  app.post(
    '/schedules/:id/run',
    {
      schema: {
        operationId: 'runSchedule',
        summary: 'Submit the job of a schedule now',
        description:
          'Outside its slots: it counts for nothing of the schedule. With an `Idempotency-Key` it is submitted once, however often it is sent.',
        tags: ['schedules'],
        params: ScheduleParams,
        headers: OnceHeaders,
        response: {
          202: {
            ...Type.Ref('Job'),
            description: 'The job is stored; Location says where to read it.',
            headers: { ...ReplayedHeader, location: Type.String({ description: 'Address of the job.' }) },
          },
          ...problems(400, 404, 410, 422, 429, 500, 503),
        },
      },
    },
    async ({ params, headers }, reply) => {
      const { value: job, replayed: wasKnown } = await app.scheduler.run(params.id, idempotencyKey(headers));
      return replayed(reply, wasKnown).code(202).header('location', `/jobs/${job.id}`).send(job);
    },
  );

  app.get(
    '/schedules/:id/preview',
    {
      schema: {
        operationId: 'previewSchedule',
        summary: 'The next times of a schedule',
        description: 'None while it is paused.',
        tags: ['schedules'],
        params: ScheduleParams,
        querystring: PreviewQuery,
        response: { 200: Preview, ...problems(400, 404, 500, 503) },
      },
    },
    async ({ params, query }) => ({
      items: await app.scheduler.preview(params.id, query.n ?? DEFAULT_PREVIEW),
    }),
  );

  app.post(
    '/schedules/preview',
    {
      schema: {
        operationId: 'previewNewSchedule',
        summary: 'The times that a schedule would have',
        description: 'Nothing is stored. With a window: the slots, from which each is spread.',
        tags: ['schedules'],
        querystring: PreviewQuery,
        body: PreviewSchedule,
        response: { 200: Preview, ...problems(400, 413, 415, 500, 503) },
      },
    },
    async ({ body, query }) => ({
      items: await app.scheduler.previewOf(body, query.n ?? DEFAULT_PREVIEW),
    }),
  );
};
