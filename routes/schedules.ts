import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { demand, guardOf } from '../src/access/refusals.ts';
import { visibleTo } from '../src/http/access/caller-view.ts';
import { jobLocation } from '../src/http/jobs/job-reply.ts';
import { markAnswer, visibleJob } from '../src/http/jobs/unique-reply.ts';
import { idempotencyKey, markReplayed } from '../src/http/request/idempotency-key.ts';
import { IdempotencyHeaders, problems, ReplayedHeader } from '../src/schemas/http.ts';
import { DEFAULT_QUEUE } from '../src/schemas/job.ts';
import { UniqueHeaders } from '../src/schemas/jobs/submit-answers.ts';
import { PreviewSchedule, PutSchedule, SCHEDULE_TEXTS } from '../src/schemas/schedule.ts';
import {
  Preview,
  PreviewQuery,
  ScheduleListQuery,
  SchedulePage,
  ScheduleParams,
} from '../src/schemas/schedule-http.ts';

const DEFAULT_LIMIT = 100;
const DEFAULT_PREVIEW = 10;

const runHeaders = {
  ...ReplayedHeader,
  location: Type.String({ description: 'The path of the job, or its address below PUBLIC_URL.' }),
};

const schedule = (description: string) => ({ ...Type.Ref('Schedule'), description });

export const scheduleRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.put(
    '/schedules/:id',
    {
      config: { json: { texts: SCHEDULE_TEXTS } },
      schema: {
        operationId: 'putSchedule',
        summary: 'Create or replace a schedule',
        description:
          'Sending the same schedule again changes nothing. The counts continue if `cron`, `every` and `timeZone` stay the same. A paused schedule stays paused.',
        tags: ['schedules'],
        params: ScheduleParams,
        body: PutSchedule,
        response: {
          200: schedule('The schedule was replaced. This is its new state.'),
          201: schedule('The new schedule.'),
          ...problems(400, 409, 413, 415, 422, 500, 503),
        },
      },
    },
    async ({ params, body, caller }, reply) => {
      demand(caller, 'manage', body.job.queue ?? DEFAULT_QUEUE);
      const guard = guardOf(caller, 'manage');
      const { created, schedule } = await app.scheduler.put(params.id, body, guard);
      return reply.code(created ? 201 : 200).send(schedule);
    },
  );

  app.get(
    '/schedules/:id',
    {
      schema: {
        operationId: 'getSchedule',
        summary: 'Read a schedule and its progress',
        description: 'Shows the settings, the next fire time and the counts.',
        tags: ['schedules'],
        params: ScheduleParams,
        response: { 200: schedule('The current schedule.'), ...problems(400, 404, 500, 503) },
      },
    },
    ({ params, caller }) => app.scheduler.get(params.id, guardOf(caller, 'read')),
  );

  app.delete(
    '/schedules/:id',
    {
      schema: {
        operationId: 'removeSchedule',
        summary: 'Remove a schedule',
        description: 'Jobs that it has submitted stay in their queues.',
        tags: ['schedules'],
        params: ScheduleParams,
        response: {
          204: Type.Null({ description: 'The schedule is removed.' }),
          ...problems(400, 404, 409, 500, 503),
        },
      },
    },
    async ({ params, caller }, reply) => {
      await app.scheduler.remove(params.id, guardOf(caller, 'manage'));
      return reply.code(204).send(null);
    },
  );

  app.get(
    '/schedules',
    {
      schema: {
        operationId: 'listSchedules',
        summary: 'List the schedules',
        description: 'The schedules of one queue or of all queues, page by page.',
        tags: ['schedules'],
        querystring: ScheduleListQuery,
        response: { 200: SchedulePage, ...problems(400, 500, 503) },
      },
    },
    ({ query, caller }) => app.scheduler.list({ limit: DEFAULT_LIMIT, ...query }, visibleTo(caller)),
  );

  for (const [verb, summary] of [
    ['pause', 'Pause a schedule'],
    ['resume', 'Resume a schedule'],
  ] as const) {
    app.post(
      `/schedules/:id/${verb}`,
      {
        schema: {
          operationId: `${verb}Schedule`,
          summary,
          description: 'Slots that pass while the schedule is paused are dropped.',
          tags: ['schedules'],
          params: ScheduleParams,
          response: { 200: schedule('The current schedule.'), ...problems(400, 404, 409, 500, 503) },
        },
      },
      ({ params, caller }) => app.scheduler[verb](params.id, guardOf(caller, 'manage')),
    );
  }

  app.post(
    '/schedules/:id/run',
    {
      schema: {
        operationId: 'runSchedule',
        summary: 'Submit the job of a schedule now',
        description:
          'The job is submitted beside the slots and does not change the counts of the schedule. With an `Idempotency-Key` a repeated request stores nothing new.',
        tags: ['schedules'],
        params: ScheduleParams,
        headers: IdempotencyHeaders,
        response: {
          200: {
            ...Type.Ref('Job'),
            description: 'Another job has the place of a `unique` one: this is that job.',
            headers: { ...runHeaders, ...UniqueHeaders },
          },
          202: {
            ...Type.Ref('Job'),
            description: 'The job is stored. Read it at `Location`.',
            headers: runHeaders,
          },
          ...problems(400, 404, 409, 410, 422, 429, 500, 503),
        },
      },
    },
    async (request, reply) => {
      const guard = guardOf(request.caller, 'manage');
      const key = idempotencyKey(request);
      const { value: job, replayed, answer } = await app.scheduler.run(request.params.id, key, guard);
      return markAnswer(markReplayed(reply, replayed), answer)
        .code(answer === undefined ? 202 : 200)
        .header('location', jobLocation(reply, job.id))
        .send(visibleJob(request.caller, job, answer));
    },
  );

  app.get(
    '/schedules/:id/preview',
    {
      schema: {
        operationId: 'previewSchedule',
        summary: 'Show the next fire times of a schedule',
        description: 'A paused schedule has none.',
        tags: ['schedules'],
        params: ScheduleParams,
        querystring: PreviewQuery,
        response: { 200: Preview, ...problems(400, 404, 500, 503) },
      },
    },
    async ({ params, query, caller }) => ({
      items: await app.scheduler.preview(params.id, query.n ?? DEFAULT_PREVIEW, guardOf(caller, 'read')),
    }),
  );

  app.post(
    '/schedules/preview',
    {
      config: { json: { texts: SCHEDULE_TEXTS } },
      schema: {
        operationId: 'previewNewSchedule',
        summary: 'Show the fire times of a schedule before creating it',
        description:
          'Nothing is stored. With a `window`, these are the slots: each fires within the window after it.',
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
