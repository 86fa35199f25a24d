import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { freePort } from '../../src/local/redis-settings.ts';
import type { Bed, Claim, Figures, Scenario } from '../contract.ts';
import { millrace } from '../queues/millrace.ts';
import type { JobQueue } from '../queues/queue.ts';
import { runScenario } from './running.ts';
import { millraceRound, SUBMIT_FIGURES } from './submit.ts';

/** What a feature costs those who have it: the same service with and without it, in turn. */

const CONNECTIONS = 64;
const JOBS = 90_000;

/** A claim without a `least` of its own states a price: it holds as long as the service does its work at all. */
const price = (text: string, least = 0): Claim => ({
  text,
  figure: 'rate',
  of: 'millrace-with',
  against: 'millrace-without',
  better: 'higher',
  least,
  aim: 1,
});

interface SubmitPrice {
  readonly id: string;
  readonly title: string;
  /** A round with the feature, and one without it. */
  readonly having: (bed: Bed) => Promise<Figures>;
  readonly lacking: (bed: Bed) => Promise<Figures>;
  readonly claim: Claim;
}

const roundWith = (env: NodeJS.ProcessEnv) => (bed: Bed) => millraceRound(bed, CONNECTIONS, env);

const submitPrice = ({ id, title, having, lacking, claim }: SubmitPrice): Scenario => ({
  id,
  title: `Submit over HTTP one by one, ${CONNECTIONS} connections, ${title}`,
  quick: false,
  contenders: [
    { id: 'millrace-with', label: 'Millrace with it', run: having },
    { id: 'millrace-without', label: 'Millrace without it', run: lacking },
  ],
  figures: SUBMIT_FIGURES,
  claims: [claim],
});

/** A collector that takes the spans and throws them away. @throws {Error} when none has come. */
async function tracedRound(bed: Bed): Promise<Figures> {
  let requests = 0;
  const collector = createServer((request, response) => {
    requests += 1;
    request.resume().on('end', () => response.end('{}'));
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const { port } = collector.address() as AddressInfo;
  try {
    const figures = await roundWith({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` })(bed);
    if (requests === 0) throw new Error('No span has come to the collector.');
    return figures;
  } finally {
    collector.closeAllConnections();
    collector.close();
  }
}

const countingWorkers: JobQueue = {
  ...millrace,
  id: 'millrace-with',
  label: 'Millrace with HEALTH_PORT',
  startWorkers: async (bed, crew) =>
    millrace.startWorkers(bed, { ...crew, env: { ...crew.env, HEALTH_PORT: String(await freePort()) } }),
};

const plainWorkers: JobQueue = { ...millrace, id: 'millrace-without', label: 'Millrace without HEALTH_PORT' };

export const priceScenarios: readonly Scenario[] = [
  submitPrice({
    id: 'price-metrics-submit',
    title: 'with and without METRICS',
    having: roundWith({ METRICS: 'on' }),
    lacking: roundWith({ METRICS: 'off' }),
    claim: price('Submit over HTTP, METRICS=on / off', 0.97),
  }),
  submitPrice({
    id: 'price-traces-submit',
    title: 'with a collector of traces and without one',
    having: tracedRound,
    lacking: roundWith({}),
    claim: price('Submit over HTTP, a span for each / no traces'),
  }),
  runScenario(
    {
      id: 'price-metrics-run',
      title: 'Run no-op jobs, one process, concurrency 100, with and without HEALTH_PORT',
      quick: false,
      claims: [price('Run at concurrency 100, with HEALTH_PORT / without', 0.97)],
    },
    [countingWorkers, plainWorkers],
    {
      task: 'noop',
      processes: 1,
      concurrency: 100,
      jobs: { 'millrace-with': JOBS, 'millrace-without': JOBS },
    },
  ),
];
