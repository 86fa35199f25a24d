import type { JSX } from 'preact';
import type { Job } from '../../net/types.ts';
import { When } from '../../parts/bits.tsx';
import { duration } from '../../parts/format.ts';

interface Step {
  readonly at: string;
  readonly kind: string;
  readonly title: string;
  readonly note?: string | undefined;
}

/** What happened to the job, in order, as far as the job says it. */
function stepsOf(job: Job): Step[] {
  const { createdAt, runAt, startedAt, finishedAt, status } = job;
  const steps: Step[] = [{ at: createdAt, kind: 'queued', title: 'Submitted' }];
  for (const { attempt, at, name, message } of job.errors ?? []) {
    if (at !== undefined)
      steps.push({
        at,
        kind: 'retrying',
        title: `Attempt ${attempt ?? ''} failed`,
        note: [name, message].filter(Boolean).join(': '),
      });
  }
  if (startedAt !== undefined) {
    const waited = Date.parse(startedAt) - Date.parse(job.attempt > 1 ? startedAt : (runAt ?? createdAt));
    const note = waited > 0 ? `after ${duration(waited)}` : undefined;
    steps.push({ at: startedAt, kind: 'running', title: `Attempt ${job.attempt} started`, note });
  }
  if (finishedAt !== undefined) {
    const title = status.charAt(0).toUpperCase() + status.slice(1);
    const note = startedAt && `after ${duration(Date.parse(finishedAt) - Date.parse(startedAt))}`;
    steps.push({ at: finishedAt, kind: status, title, note: note || undefined });
  } else if (runAt !== undefined && status !== 'running') {
    steps.push({ at: runAt, kind: status, title: status === 'retrying' ? 'Runs again' : 'Runs' });
  }
  return steps.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

export function Timeline({ job }: { job: Job }): JSX.Element {
  return (
    <ol class="timeline">
      {stepsOf(job).map(({ at, kind, title, note }) => (
        <li key={`${at} ${title}`} class={`is-${kind}`}>
          <span class="timeline-title">{title}</span>
          <When at={at} />
          {note !== undefined && <span class="timeline-note">{note}</span>}
        </li>
      ))}
    </ol>
  );
}
