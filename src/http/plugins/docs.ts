import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import fastifyPlugin from 'fastify-plugin';
import { JobEvent } from '../../schemas/event.ts';
import { DroppedMessage, EndEvent, JobMessage, ResetMessage } from '../../schemas/event-stream.ts';
import { Job, JobError, SubmitJob } from '../../schemas/job.ts';
import { Problem } from '../../schemas/problem.ts';
import { QueueStats } from '../../schemas/queue.ts';
import { Schedule } from '../../schemas/schedule.ts';
import { Subscription } from '../../schemas/subscription.ts';

const TAGS = [
  { name: 'jobs', description: 'Submit jobs and read what became of them.' },
  { name: 'queues', description: 'Look into queues and steer them.' },
  { name: 'work', description: 'Work on jobs, in any language.' },
  { name: 'schedules', description: 'Let jobs be submitted at set times.' },
  { name: 'events', description: 'Follow what happens, live, later or again.' },
  { name: 'health', description: 'For load balancers and people on call.' },
  { name: 'service', description: 'The service itself.' },
];

/** Those that have a name in the document. */
const SCHEMAS = [
  SubmitJob,
  JobError,
  Job,
  Problem,
  QueueStats,
  Schedule,
  JobEvent,
  EndEvent,
  JobMessage,
  ResetMessage,
  DroppedMessage,
  Subscription,
];

interface Bodies {
  paths: Record<string, { post?: { requestBody: { content: Record<string, { schema: unknown }> } } }>;
}

const SUBMIT_JOB = { $ref: '#/components/schemas/SubmitJob' };

/**
 * Bodies are validated by schemas that stand alone; readers and generators of clients are better served by
 * the name. A batch's jobs are checked one by one, so only here its schema says what they are.
 */
function nameBodies<T extends object>(document: T): T {
  const { paths } = document as unknown as Bodies;
  const bodyOf = (path: string, type: string): { schema: unknown } => {
    const body = paths[path]?.post?.requestBody.content[type];
    if (body === undefined) throw new Error(`the API has no ${type} body at ${path}`);
    return body;
  };
  bodyOf('/jobs', 'application/json').schema = SUBMIT_JOB;
  bodyOf('/jobs/batch', 'application/x-ndjson').schema = {
    type: 'string',
    description: 'Lines, each of them a SubmitJob.',
  };
  const batch = bodyOf('/jobs/batch', 'application/json').schema as { properties: { jobs: object } };
  Object.assign(batch.properties.jobs, { items: SUBMIT_JOB });
  return document;
}

/** Named schemas, `/openapi.json` and the pages at `/docs`. */
export const docsPlugin = fastifyPlugin<{ version: string }>(
  async (app, { version }) => {
    for (const schema of SCHEMAS) app.addSchema(schema);
    await app.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: {
          title: 'Millrace',
          version,
          description: 'A job service: submit with one request, poll or wait for the result.',
          license: { name: 'MIT', identifier: 'MIT' },
        },
        servers: [{ url: '/', description: 'The service that serves this document.' }],
        tags: TAGS,
        // Who may call is decided in front of the service for now.
        security: [],
      },
      convertConstToEnum: false,
      transformObject: (document) => ('openapiObject' in document ? nameBodies(document.openapiObject) : {}),
      refResolver: {
        buildLocalReference: (json, _base, _fragment, i) =>
          typeof json['$id'] === 'string' ? json['$id'] : `schema-${i}`,
      },
    });
    await app.register(swaggerUi, {
      routePrefix: '/docs',
      uiConfig: { deepLinking: true },
      // The pages read the document at /docs/json; relative to it, requests stay below the path prefix of a proxy.
      transformSpecification: (document) => ({
        ...document,
        servers: [{ url: '..', description: 'This service.' }],
      }),
      transformSpecificationClone: false,
    });
    app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  },
  { name: 'docs' },
);
