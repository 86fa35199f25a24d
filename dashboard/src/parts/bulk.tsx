import type { JSX } from 'preact';
import { progress } from '../state/bulk.ts';
import { useSignal } from '../state/signal.ts';
import { count } from './format.ts';

/** How far a long action is, and a button that stops it. */
export function BulkProgress(): JSX.Element | null {
  const now = useSignal(progress);
  if (now === undefined) return null;
  const { text, done, total, stop } = now;
  return (
    <div class="banner is-info" role="status">
      <span>
        {text} {count(done)}
        {total !== undefined && ` of ${count(total)}`}
      </span>
      {total !== undefined && (
        <progress aria-label={text} max={Math.max(total, 1)} value={Math.min(done, total)} />
      )}
      <button type="button" onClick={stop}>
        Stop
      </button>
    </div>
  );
}
