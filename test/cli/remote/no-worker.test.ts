import { expect, it } from 'vitest';
import { CliError } from '../../../src/cli/exits.ts';
import type { Api, Call } from '../../../src/cli/remote/api.ts';
import { hintAtNoWorker, noWorkerHint } from '../../../src/cli/remote/no-worker.ts';
import type { Job } from '../../../src/schemas/job.ts';

const job = { status: 'queued', queue: 'img' } as Job;
const HINT = 'No worker serves the queue img.';

function apiThat(answer: object | Error, leases: readonly object[] = []): Api & { readonly calls: Call[] } {
  const calls: Call[] = [];
  const send = async (call: Call) => {
    calls.push(call);
    if (answer instanceof Error) throw answer;
    return { body: call.path.endsWith('/stats') ? { workers: leases } : answer };
  };
  return { calls, send } as unknown as Api & { readonly calls: Call[] };
}

it.each([
  ['no worker is known', { items: [] }, HINT],
  ['all workers drain', { items: [{ draining: true }] }, HINT],
  ['a worker takes jobs', { items: [{ draining: true }, { draining: false }] }, undefined],
  ['there are more workers', { items: [{ draining: true }], nextCursor: 'x' }, undefined],
  ['a part of the workers cannot be read', { items: [], missing: ['1'] }, undefined],
  ['the API does not answer', new CliError(3, 'gone'), undefined],
])('hints rightly when %s', async (_, answer, hint) => {
  expect(await noWorkerHint(apiThat(answer), job)).toBe(hint);
});

it('asks nothing for a job that does not wait for a worker', async () => {
  for (const status of ['scheduled', 'running', 'retrying', 'completed', 'failed'] as const) {
    const api = apiThat({ items: [] });
    expect([await noWorkerHint(api, { ...job, status }), api.calls]).toEqual([undefined, []]);
  }
});

it('gives no hint while a worker has a lease on the queue', async () => {
  const api = apiThat({ items: [] }, [{ name: 'w' }]);
  expect(await noWorkerHint(api, job)).toBe(undefined);
  expect(api.calls.map(({ path }) => path)).toEqual(['/queues/img/stats']);
});

it('names the task that no worker of the queue has', async () => {
  const held = { ...job, task: 'resize', heldBy: 'task' } as Job;
  const hint = 'No worker of the queue img has the task resize for this payload.';
  expect(await noWorkerHint(apiThat({ items: [] }, [{ name: 'w' }]), held)).toBe(hint);
  expect(await noWorkerHint(apiThat({ items: [] }), held)).toBe(HINT);
  const limited = { ...held, heldBy: 'rate' } as Job;
  expect(await noWorkerHint(apiThat({ items: [] }, [{ name: 'w' }]), limited)).toBe(undefined);
});

it('asks nothing when the job ends soon', async () => {
  const api = apiThat({ items: [] });
  const end = new AbortController();
  const hinting = hintAtNoWorker(api, job, {} as never, end.signal);
  end.abort();
  await hinting;
  expect(api.calls).toEqual([]);
});
