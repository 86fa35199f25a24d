import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { JobEvent } from '../../schemas/event.ts';
import { DroppedMessage, EndEvent, JobMessage, ResetMessage } from '../../schemas/event-stream.ts';
import { Job, JobError, SubmitJob } from '../../schemas/job.ts';
import { LogLine, LogMessage } from '../../schemas/jobs/log.ts';
import { Problem } from '../../schemas/problem.ts';
import { QueueStats } from '../../schemas/queue.ts';
import { Schedule } from '../../schemas/schedule.ts';
import { Subscription } from '../../schemas/subscription.ts';

const TAGS = [
  { name: 'jobs', description: 'Submit jobs, wait for them, read, cancel, retry and remove them.' },
  { name: 'queues', description: 'Inspect queues, limit and pause them, and handle failed jobs.' },
  { name: 'work', description: 'Run jobs over HTTP, in any language.' },
  { name: 'schedules', description: 'Submit jobs at set times.' },
  { name: 'events', description: 'Follow events live, read past ones, or subscribe durably.' },
  { name: 'keys', description: 'Make, list and revoke the keys of clients.' },
  { name: 'health', description: 'Checks for load balancers and operators.' },
  { name: 'service', description: 'The service itself.' },
];

const BEARER = {
  type: 'http',
  scheme: 'bearer',
  description:
    'With AUTH=keys each request needs a key of `POST /keys`, or ADMIN_KEY. Operations name the scope that it needs.',
} as const;

/** Schemas with a name in the document. */
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
  LogLine,
  LogMessage,
  ResetMessage,
  DroppedMessage,
  Subscription,
];

interface Bodies {
  paths: Record<string, { post?: { requestBody: { content: Record<string, { schema: unknown }> } } }>;
}

const SUBMIT_JOB = { $ref: '#/components/schemas/SubmitJob' };

/**
 * Refers to SubmitJob by name in the bodies of submits, for readers and client generators. The routes validate without
 * references, and check the jobs of a batch one by one.
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
    description: 'Lines of JSON. Each line is a SubmitJob.',
  };
  const batch = bodyOf('/jobs/batch', 'application/json').schema as { properties: { jobs: object } };
  Object.assign(batch.properties.jobs, { items: SUBMIT_JOB });
  return document;
}

/** Where the document is served. */
const DOCUMENTS: ReadonlySet<string> = new Set(['/openapi.json', '/docs/json', '/docs/yaml']);

/** Keeps the first answer of a route as text: to print the document takes long. */
function makeOnce(route: RouteOptions): void {
  let text: unknown;
  let type: string | undefined;
  route.preHandler = (_request, reply, done) => {
    if (type === undefined) done();
    else reply.type(type).send(text);
  };
  route.onSend = (_request, reply, payload, done) => {
    if (reply.statusCode === 200) [text, type] = [payload, String(reply.getHeader('content-type'))];
    done();
  };
}

/** The pages run only the scripts that are served beside them, and call only this service. */
const DOCS_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The page names its files by how the URL ends, and its redirects by the whole URL: both mean the path without a query. */
function nameByPath(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  const [path = ''] = request.url.split('?', 1);
  request.raw.url = path;
  reply.header('referrer-policy', 'no-referrer');
  // Relative: the path prefix of a proxy stays.
  if (path.endsWith('/static/index.html')) reply.redirect('../');
  else done();
}

/** The named schemas, `/openapi.json` and the pages at `/docs`. */
export const docsPlugin = fastifyPlugin<{ version: string; publicUrl: string }>(
  async (app, { version, publicUrl }) => {
    for (const schema of SCHEMAS) app.addSchema(schema);
    app.addHook('onRoute', (route) => {
      if (DOCUMENTS.has(route.url)) makeOnce(route);
    });
    await app.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: {
          title: 'Millrace',
          version,
          description:
            'A job service: submit a job with one request, then poll or wait for its result. All durations are in milliseconds unless a field says otherwise.',
          license: { name: 'MIT', identifier: 'MIT' },
        },
        servers: [{ url: publicUrl || '/', description: 'The service that serves this document.' }],
        tags: TAGS,
        components: { securitySchemes: { bearer: BEARER } },
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
      // The page at /docs, without a slash, names its files relative to itself.
      indexPrefix: '.',
      uiConfig: { deepLinking: true },
      uiHooks: { onRequest: nameByPath },
      staticCSP: DOCS_POLICY,
      // The pages read /docs/json. A server relative to it keeps requests below the path prefix of a proxy.
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
