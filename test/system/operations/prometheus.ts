import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { type Child, startChild } from '../../../src/local/child-process.ts';
import { freePort } from '../../../src/local/redis-settings.ts';
import type { OrphanReaper } from '../../../src/orphan-reaper.ts';
import { pathInProject, readInProject } from '../../helpers/local/pages.ts';
import { until } from '../../helpers/redis/server.ts';

export const RULES = 'deploy/prometheus/millrace.rules.yml';
const STOP_MS = 10_000;
/** Of scrapes and of evaluations. */
const INTERVAL = '200ms';

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, value: string];
}

/** A Prometheus that scrapes processes on ports of loopback, with the shipped rules in short time. */
export interface Prometheus {
  /** The names of the alerts that fire. */
  firing(): Promise<string[]>;
  query(expression: string): Promise<Series[]>;
  stop(): Promise<void>;
}

/** The shipped rules with seconds for minutes. Nothing else of them changes. */
export const shortRules = (): string =>
  readInProject(RULES)
    .replaceAll(/^( +for:) \d+[smh]$/gm, '$1 0s')
    .replaceAll(/\[\d+m\]/g, '[3s]')
    .replace('(millrace_queue_oldest_seconds) > 300', '(millrace_queue_oldest_seconds) > 1');

/** @param ports of `/metrics`, by the name of the job in the shipped configuration. */
export async function startPrometheus(
  ports: Readonly<Record<string, number>>,
  reaper: OrphanReaper,
): Promise<Prometheus> {
  const dir = await mkdtemp(join(tmpdir(), 'mr-prometheus-'));
  await writeFile(join(dir, 'rules.yml'), shortRules());
  await writeFile(join(dir, 'prometheus.yml'), stringify(configurationOf(ports)));
  const port = await freePort();
  const child = await startServer(dir, port, reaper);
  const ask = async <T>(path: string): Promise<T> => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`);
    const answer = (await response.json()) as { status: string; error?: string; data: T };
    if (answer.status !== 'success') throw new Error(`Prometheus refused ${path}: ${answer.error}`);
    return answer.data;
  };
  await until(async () => {
    if (!child.running) throw new Error(`Prometheus ended. It said last:\n${child.lastLines().join('\n')}`);
    return (await fetch(`http://127.0.0.1:${port}/-/ready`).catch(() => undefined))?.ok;
  }, 'Prometheus is ready');
  return {
    async firing() {
      const { alerts } = await ask<{ alerts: { state: string; labels: { alertname: string } }[] }>('alerts');
      return alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels.alertname);
    },
    query: async (expression) =>
      (await ask<{ result: Series[] }>(`query?query=${encodeURIComponent(expression)}`)).result,
    async stop() {
      await child.stop(STOP_MS);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

const configurationOf = (ports: Readonly<Record<string, number>>) => ({
  global: { scrape_interval: INTERVAL, scrape_timeout: INTERVAL, evaluation_interval: INTERVAL },
  rule_files: ['rules.yml'],
  scrape_configs: Object.entries(ports).map(([name, port]) => ({
    job_name: name,
    static_configs: [{ targets: [`127.0.0.1:${port}`] }],
  })),
});

async function startServer(dir: string, port: number, reaper: OrphanReaper): Promise<Child> {
  const args = [
    `--config.file=${join(dir, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(dir, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  try {
    return await startChild({ name: 'Prometheus', command: 'prometheus', args, reaper });
  } catch (error) {
    throw new Error(
      'prometheus is not on PATH. npm test installs it; by hand on Debian or Ubuntu: sudo apt-get install -y --no-install-recommends prometheus',
      { cause: error },
    );
  }
}

/** What promtool says of a file; rejects when it finds a fault. */
export async function promtool(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('promtool', args, { cwd: pathInProject('deploy/prometheus') });
  return stdout;
}
