import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startReadyApi } from '../../helpers/api/server.ts';
import { Flood } from '../../helpers/jobs/submit-flood.ts';
import { SENTINEL_PASSWORD, useSentinels } from '../../helpers/redis/sentinel.ts';
import { until } from '../../helpers/redis/server.ts';

const bed = useSentinels();
const apps: FastifyInstance[] = [];
let acked: Flood;
let plain: Flood;

const NOT_REPLICATED = '503 not-replicated';
const CLIENTS = 8;
const WARM_UP = 200;
/** What sockets hold for a replica that stands still reaches it all the same: the payloads are more than that. */
const PLAIN_BYTES = 100_000;
const PLAIN_JOBS = 400;

beforeAll(async () => {
  const open = async (env: NodeJS.ProcessEnv) => {
    const { app, origin } = await startReadyApi(bed.url, { SENTINEL_PASSWORD, ...env });
    apps.push(app);
    return origin;
  };
  acked = new Flood(await open({ REPLICAS_ACK: '1' }), 'acked', 10);
  plain = new Flood(await open({}), 'plain', PLAIN_BYTES);
});
afterAll(() => Promise.all(apps.map((app) => app.close())));

it('with REPLICAS_ACK no accepted job is lost with the primary, although its replicas stood still', async () => {
  for (const flood of [acked, plain]) flood.start(CLIENTS);
  await until(() => [acked, plain].every(({ accepted }) => accepted.length >= WARM_UP), 'accepted jobs');
  const primary = await bed.primary();
  const replicas = bed.servers.filter((server) => server !== primary);
  const signal = (name: NodeJS.Signals) => replicas.forEach(({ pid }) => void process.kill(pid, name));
  const before = plain.accepted.length;
  signal('SIGSTOP');
  await until(() => plain.accepted.length >= before + PLAIN_JOBS, 'jobs that no replica has');
  await until(() => acked.refused.has(NOT_REPLICATED), 'submits that are refused');
  const at = performance.now();
  await primary.kill();
  signal('SIGCONT');
  const again = await until(
    () => acked.accepted.find((one) => one.at > at),
    'an accepted job after the kill',
  );
  await until(() => plain.accepted.some((one) => one.at > at), 'an accepted job after the kill');
  await Promise.all([acked.stop(), plain.stop()]);
  const [lost, lostWithout] = [await acked.lost(), await plain.lost()];
  console.log({
    acceptedAgainMs: Math.round(again.at - at),
    withAck: {
      accepted: acked.accepted.length,
      lost: lost.length,
      refused: Object.fromEntries(acked.refused),
    },
    without: { accepted: plain.accepted.length, lost: lostWithout.length },
  });
  expect(lost).toEqual([]);
  expect(lostWithout.length).toBeGreaterThan(0);
  const kinds = ['503 redis-unavailable', NOT_REPLICATED];
  expect([...acked.refused.keys()].filter((kind) => !kinds.includes(kind))).toEqual([]);
});
