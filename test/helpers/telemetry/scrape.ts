import { type Metrics, parseMetrics } from './prometheus-text.ts';

/** Scrapes metrics as a Prometheus does. */
export async function scrape(origin: string): Promise<Metrics> {
  const answer = await fetch(`${origin}/metrics`);
  if (answer.status !== 200) throw new Error(`/metrics answered ${answer.status}: ${await answer.text()}`);
  return parseMetrics(await answer.text());
}

export interface Readiness {
  readonly status: number;
  readonly ready: boolean;
  readonly reasons: readonly string[];
  readonly topology: string;
  readonly replicas: { readonly wanted: number; readonly have: number };
}

/** Asks whether a process is ready. */
export async function readinessOf(origin: string): Promise<Readiness> {
  const answer = await fetch(`${origin}/readyz`);
  return { status: answer.status, ...((await answer.json()) as Omit<Readiness, 'status'>) };
}
