import type { Bed, Claim, Contender, Figures, Scenario } from '../contract.ts';
import { JOB } from '../load/job.ts';
import { DURABILITY_CLAIMS, KEYS_CLAIMS, SUBMIT_CLAIMS } from './claims.ts';
import type { HttpLoad } from './loading.ts';
import { loadOverHttp, type Server } from './loading.ts';
import { checkStored, producerEnv } from './stored.ts';

export const SUBMIT_FIGURES = ['rate', 'apiCpu', 'redisCpu', 'commands'];

const load = (connections: number, key?: string): HttpLoad => ({
  connections,
  request: {
    method: 'POST',
    path: '/jobs',
    contentType: 'application/json',
    body: JSON.stringify(JOB),
    ...(key !== undefined && { key }),
  },
  expected: 202,
  jobs: 1,
});

/** A peer's route, in a process of its own. */
async function startRoute(bed: Bed, file: string, env: NodeJS.ProcessEnv = {}): Promise<Server> {
  const name = `The route of ${file}`;
  const url = new URL(`../peers/${file}`, import.meta.url);
  const process = await bed.start({ name, file: url, env: { ...producerEnv(bed.redis), ...env } });
  return { process, port: await process.ask<number>({ do: 'port' }) };
}

async function startMillrace(bed: Bed, env: NodeJS.ProcessEnv = {}): Promise<Server> {
  const process = await bed.startApi(env);
  return { process, port: process.port };
}

/** @param env settings of the API. */
export async function millraceRound(
  bed: Bed,
  connections: number,
  env: NodeJS.ProcessEnv = {},
): Promise<Figures> {
  const server = await startMillrace(bed, env);
  const { figures, accepted } = await loadOverHttp(bed, server, load(connections));
  await checkStored(bed.redis, 'millrace', accepted);
  return figures;
}

const ADMIN_KEY = 'the-admin-key-of-the-bench-0123456789';

/** As `millraceRound`, and each request shows a key that may submit to its queue alone. */
async function keysRound(bed: Bed, connections: number): Promise<Figures> {
  const process = await bed.startApi({ AUTH: 'keys', ADMIN_KEY });
  const made = await fetch(`http://127.0.0.1:${process.port}/keys`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'bench', scopes: ['submit:default'] }),
  });
  const { key } = (await made.json()) as { key: string };
  const server = { process, port: process.port };
  const { figures, accepted } = await loadOverHttp(bed, server, load(connections, key));
  await checkStored(bed.redis, 'millrace', accepted);
  return figures;
}

async function floorRound(bed: Bed, connections: number): Promise<Figures> {
  const server = await startRoute(bed, 'http-floor.ts');
  const { figures, accepted } = await loadOverHttp(bed, server, load(connections));
  const counted = await server.process.ask<number>({ do: 'count' });
  if (counted !== accepted) throw new Error(`${accepted} answers came of ${counted} requests.`);
  return figures;
}

async function bullmqRound(bed: Bed, connections: number, env: NodeJS.ProcessEnv): Promise<Figures> {
  const server = await startRoute(bed, 'http-bullmq.ts', env);
  const { figures, accepted } = await loadOverHttp(bed, server, load(connections));
  await checkStored(bed.redis, 'bullmq', accepted);
  return figures;
}

const millrace = (connections: number): Contender => ({
  id: 'millrace',
  label: 'Millrace, POST /jobs',
  run: (bed) => millraceRound(bed, connections),
});

const millraceKeys = (connections: number): Contender => ({
  id: 'millrace-keys',
  label: 'Millrace with AUTH=keys',
  run: (bed) => keysRound(bed, connections),
});

const floor = (connections: number): Contender => ({
  id: 'floor',
  label: 'Fastify route that stores nothing',
  run: (bed) => floorRound(bed, connections),
});

const bullmq = (connections: number): Contender => ({
  id: 'bullmq',
  label: 'BullMQ queue.add behind a Fastify route',
  run: (bed) => bullmqRound(bed, connections, {}),
});

/** Its documents do not speak of this setting of ioredis: shown beside what they do. */
const bullmqPipelined = (connections: number): Contender => ({
  id: 'bullmq-pipelined',
  label: 'the same with enableAutoPipelining',
  run: (bed) => bullmqRound(bed, connections, { AUTO_PIPELINING: 'true' }),
});

const submit = (connections: number, quick: boolean, claims: readonly Claim[]): Scenario => ({
  id: `submit-${connections}`,
  title: `Submit over HTTP one by one, ${connections === 1 ? '1 connection' : `${connections} connections`}`,
  quick,
  contenders: [millrace, floor, bullmq, bullmqPipelined].map((make) => make(connections)),
  figures: SUBMIT_FIGURES,
  claims,
});

const DURABLE_CONNECTIONS = 64;

/** The same contender with its writes on disk, before the answer or within a second. */
const durable = (one: Contender, appendfsync: 'always' | 'everysec'): Contender => ({
  id: `${one.id}-${appendfsync}`,
  label: `${one.label}, appendfsync ${appendfsync}`,
  variant: appendfsync,
  redis: { appendonly: 'yes', appendfsync },
  run: one.run,
});

export const submitScenarios: readonly Scenario[] = [
  submit(1, false, []),
  submit(64, true, SUBMIT_CLAIMS),
  submit(256, false, SUBMIT_CLAIMS),
  {
    id: 'keys-64',
    title: 'Submit over HTTP one by one, 64 connections, with and without keys',
    quick: false,
    contenders: [millrace(64), millraceKeys(64)],
    figures: SUBMIT_FIGURES,
    claims: KEYS_CLAIMS,
  },
  {
    id: `submit-${DURABLE_CONNECTIONS}-durable`,
    title: `Submit over HTTP one by one, ${DURABLE_CONNECTIONS} connections, with an append-only file`,
    quick: true,
    contenders: [millrace, bullmq].flatMap((make) => [
      durable(make(DURABLE_CONNECTIONS), 'everysec'),
      durable(make(DURABLE_CONNECTIONS), 'always'),
    ]),
    figures: SUBMIT_FIGURES,
    claims: DURABILITY_CLAIMS,
  },
];
