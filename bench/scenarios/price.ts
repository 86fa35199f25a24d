import { freePort } from '../../src/local/redis-settings.ts';
import type { Claim, Scenario } from '../contract.ts';
import { millrace } from '../queues/millrace.ts';
import type { JobQueue } from '../queues/queue.ts';
import { runScenario } from './running.ts';
import { millraceRound, SUBMIT_FIGURES } from './submit.ts';

/** What a feature costs those who have it: the same service with and without it, in turn. */

const CONNECTIONS = 64;
const JOBS = 90_000;

const price = (text: string, least: number): Claim => ({
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
  /** Settings of the API with the feature, and without it. */
  readonly having: NodeJS.ProcessEnv;
  readonly lacking: NodeJS.ProcessEnv;
  readonly claim: Claim;
}

const submitPrice = ({ id, title, having, lacking, claim }: SubmitPrice): Scenario => ({
  id,
  title: `Submit over HTTP one by one, ${CONNECTIONS} connections, ${title}`,
  quick: false,
  contenders: [
    { id: 'millrace-with', label: 'Millrace with it', run: (bed) => millraceRound(bed, CONNECTIONS, having) },
    {
      id: 'millrace-without',
      label: 'Millrace without it',
      run: (bed) => millraceRound(bed, CONNECTIONS, lacking),
    },
  ],
  figures: SUBMIT_FIGURES,
  claims: [claim],
});

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
    having: { METRICS: 'on' },
    lacking: { METRICS: 'off' },
    claim: price('Submit over HTTP, METRICS=on / off', 0.97),
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
