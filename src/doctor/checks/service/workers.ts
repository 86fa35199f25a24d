import type { Worker } from '../../../schemas/workers/worker.ts';
import { type Finding, note, ok } from '../../finding.ts';

/** The workers that report to the API. */
export function checkWorkers(workers: readonly Worker[]): Finding[] {
  if (workers.length === 0) {
    return [
      note('workers', {
        what: 'No worker runs.',
        why: 'Submitted jobs wait until one starts.',
        todo: 'Start one: npx millrace worker, or node dist/workers/main.js in a build.',
      }),
    ];
  }
  const running = workers.reduce((sum, worker) => sum + worker.running, 0);
  return [ok('workers', `${workers.length} workers run ${running} jobs.`), ...checkReleases(workers)];
}

function checkReleases(workers: readonly Worker[]): Finding[] {
  const releases = [...new Set(workers.map(({ release }) => release).filter((one) => one !== undefined))];
  if (releases.length < 2) return [];
  return [
    note('releases', {
      what: `Workers run different releases of Millrace: ${releases.sort().join(', ')}.`,
      why: 'That is right during an upgrade. UPGRADING.md says which releases run side by side.',
      todo: 'Finish the upgrade: restart the older workers. GET /workers shows them.',
    }),
  ];
}
