import type { JSX } from 'preact';
import { call, request } from '../../net/api.ts';
import { key } from '../../net/key.ts';
import { API_ROOT, pathOf } from '../../net/places.ts';
import type { Job } from '../../net/types.ts';
import { ActButton } from '../../parts/act.tsx';
import { copy } from '../../parts/value.tsx';
import { useCanManage } from '../../state/abilities.ts';
import { act, actAfter } from '../../state/notices.ts';
import { useIdempotency } from '../../state/repeats.ts';
import { addressOf, go } from '../../state/router.ts';

/** What can be done with a job in its status. */
export function JobActions({ job }: { job: Job }): JSX.Element {
  const mayManage = useCanManage(job.queue);
  const repeatable = useIdempotency();
  const hasEnded = job.finishedAt !== undefined;
  return (
    <>
      <button type="button" onClick={() => copy(asCurl(job), 'the curl command')}>
        Copy as curl
      </button>
      {mayManage && job.status === 'failed' && (
        <ActButton class="primary" run={() => retry(job)}>
          Retry
        </ActButton>
      )}
      {mayManage && hasEnded && <ActButton run={() => rerun(job, repeatable(job.id))}>Run again</ActButton>}
      {mayManage && !hasEnded && (
        <ActButton class="danger" run={() => cancel(job)}>
          Cancel job
        </ActButton>
      )}
      {mayManage && hasEnded && (
        <ActButton class="danger" run={() => remove(job)}>
          Remove
        </ActButton>
      )}
    </>
  );
}

const post = (job: Job, verb: string) => request(`${pathOf('jobs', job.id)}/${verb}`, { method: 'POST' });

const retry = (job: Job) => act('The job waits to run again', () => post(job, 'retry'));

const rerun = (job: Job, headers: Record<string, string>) =>
  act('A new job was submitted', async () => {
    const made = await call<Job>(`${pathOf('jobs', job.id)}/rerun`, { method: 'POST', body: {}, headers });
    go(addressOf(['jobs', made.id]));
  });

const cancel = (job: Job) =>
  actAfter(
    {
      title: 'Cancel this job?',
      text:
        job.status === 'running'
          ? `A worker runs ${job.id}. It is told to stop, and what it has done so far stays done.`
          : `${job.id} will not run. You can run it again later as a new job.`,
      verb: 'Cancel job',
      isDangerous: true,
    },
    'The job is cancelled',
    () => post(job, 'cancel'),
  );

const remove = (job: Job) =>
  actAfter(
    {
      title: 'Remove this job?',
      text: `${job.id} is deleted with its payload, result, errors and log. Nobody can bring it back.`,
      verb: 'Remove job',
      isDangerous: true,
    },
    'The job is removed',
    async () => {
      await request(pathOf('jobs', job.id), { method: 'DELETE' });
      go(addressOf(['queues', job.queue]));
    },
  );

/** A command that submits the same job once more. A shell takes it as it stands, whatever the job holds. */
export function asCurl(job: Job): string {
  const { task, queue, payload, priority, key: ofJob, tags, metadata } = job;
  const body = JSON.stringify({ task, queue, payload, priority, key: ofJob, tags, metadata });
  const header = key.value === '' ? '' : ` -H "Authorization: Bearer $MILLRACE_KEY"`;
  return `curl -s --json ${quoted(body)}${header} ${quoted(new URL('jobs', API_ROOT).href)}`;
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
