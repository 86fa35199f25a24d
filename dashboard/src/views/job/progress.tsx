import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Job, JobEvent } from '../../net/types.ts';
import { Card } from '../../parts/bits.tsx';
import { JsonValue } from '../../parts/value.tsx';
import { onEvent } from '../../state/live.ts';

/** The progress that the task reports, as it comes. */
export function ProgressCard({ job }: { job: Job }): JSX.Element | null {
  const [live, setLive] = useState<{ job: string; progress: unknown }>();
  useEffect(
    () =>
      onEvent((event: JobEvent) => {
        if (event.type === 'progress' && event.job === job.id && event.progress !== undefined)
          setLive({ job: job.id, progress: event.progress });
      }),
    [job.id],
  );
  const isRunning = job.status === 'running';
  const progress = isRunning && live?.job === job.id ? live.progress : job.progress;
  if (progress === undefined) return null;
  const share = shareOf(progress);
  return (
    <Card
      title="Progress"
      aside={share !== undefined && <span class="note">{Math.round(share * 100)} %</span>}
    >
      {share !== undefined && <progress aria-label="Progress" max={1} value={share} />}
      <JsonValue name="progress" value={progress} />
    </Card>
  );
}

/** How much is done, 0 to 1, where the report says so in one of the usual forms. */
export function shareOf(progress: unknown): number | undefined {
  if (typeof progress === 'number') return within(progress > 1 ? progress / 100 : progress);
  if (typeof progress !== 'object' || progress === null) return undefined;
  const { percent, done, total } = progress as Record<string, unknown>;
  if (typeof percent === 'number') return within(percent / 100);
  if (typeof done === 'number' && typeof total === 'number' && total > 0) return within(done / total);
  return undefined;
}

const within = (share: number): number | undefined => (share >= 0 && share <= 1 ? share : undefined);
