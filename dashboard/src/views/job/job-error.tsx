import type { JSX } from 'preact';
import type { Job, JobError } from '../../net/types.ts';
import { Card, When } from '../../parts/bits.tsx';
import { plural } from '../../parts/format.ts';
import { JsonValue, LongText } from '../../parts/value.tsx';

/** What went wrong: the last error open, those of earlier attempts closed. */
export function JobErrorCard({ job }: { job: Job }): JSX.Element | null {
  const last = job.error ?? job.errors?.at(-1);
  if (last === undefined) return null;
  const earlier = (job.errors ?? []).filter(({ attempt, at }) => attempt !== last.attempt || at !== last.at);
  return (
    <Card title={job.status === 'failed' ? 'Error' : 'Last error'} className="is-failed">
      <ErrorText error={last} isOpen />
      {earlier.length > 0 && <h3>{plural(earlier.length, 'earlier attempt')}</h3>}
      {[...earlier].reverse().map((error) => (
        <ErrorText key={`${error.attempt} ${error.at}`} error={error} />
      ))}
    </Card>
  );
}

function ErrorText({ error, isOpen = false }: { error: JobError; isOpen?: boolean }): JSX.Element {
  const { name, message, code, stack, data, cause, errors = [], attempt, at, origin } = error;
  const hasMore = [stack, data, cause].some((one) => one !== undefined) || errors.length > 0;
  return (
    <div class="error">
      <p class="error-message">
        {name !== undefined && <strong>{name}: </strong>}
        {message}
      </p>
      <p class="error-facts">
        {attempt !== undefined && <span>attempt {attempt}</span>}
        {at !== undefined && <When at={at} />}
        {code !== undefined && <span>code {String(code)}</span>}
        {origin !== undefined && <span>{origin}</span>}
      </p>
      {hasMore && (
        <details open={isOpen}>
          <summary>Stack and data</summary>
          {stack !== undefined && <LongText name="stack" text={stack} />}
          {data !== undefined && <JsonValue name="data" value={data} />}
          {[cause, ...errors].map(
            (inner, i) =>
              inner !== undefined && (
                <div key={`${i} ${inner.message}`} class="error-cause">
                  <h3>Caused by</h3>
                  <ErrorText error={inner} />
                </div>
              ),
          )}
        </details>
      )}
    </div>
  );
}
