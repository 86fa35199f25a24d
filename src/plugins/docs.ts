import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import fastifyPlugin from 'fastify-plugin';
import { Job, JobError, SubmitJob } from '../schemas/job.ts';
import { Problem } from '../schemas/problem.ts';
import { QueueStats } from '../schemas/queue.ts';

const TAGS = [
  { name: 'jobs', description: 'Submit jobs and read what became of them.' },
  { name: 'queues', description: 'Look into queues and steer them.' },
  { name: 'health', description: 'For load balancers and people on call.' },
];

/** Named schemas, `/openapi.json` and the pages at `/docs`. */
export const docsPlugin = fastifyPlugin<{ version: string }>(
  async (app, { version }) => {
    for (const schema of [SubmitJob, JobError, Job, Problem, QueueStats]) app.addSchema(schema);
    await app.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: {
          title: 'Millrace',
          version,
          description: 'A job service: submit with one request, poll or wait for the result.',
          license: { name: 'MIT', identifier: 'MIT' },
        },
        servers: [{ url: 'http://127.0.0.1:3000', description: 'As started by npm start.' }],
        tags: TAGS,
        // Who may call is decided in front of the service for now.
        security: [],
      },
      convertConstToEnum: false,
      refResolver: {
        buildLocalReference: (json, _base, _fragment, i) =>
          typeof json['$id'] === 'string' ? json['$id'] : `schema-${i}`,
      },
    });
    await app.register(swaggerUi, { routePrefix: '/docs', uiConfig: { deepLinking: true } });
    app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  },
  { name: 'docs' },
);
