import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { call } from '../../net/api.ts';
import { pathOf } from '../../net/places.ts';
import { follow, type Message } from '../../net/stream.ts';
import type { LogLine } from '../../net/types.ts';
import { Card } from '../../parts/bits.tsx';
import { localTime, plural } from '../../parts/format.ts';

interface LogMessage extends Message {
  readonly lines?: readonly LogLine[];
  readonly dropped?: number;
}

const KEPT = 2_000;

/** The log of the job: read once for a job that has ended, else as it is written. */
export function JobLog({ id, hasEnded }: { id: string; hasEnded: boolean }): JSX.Element | null {
  const [lines, setLines] = useState<readonly LogLine[]>([]);
  useEffect(() => {
    const add = (more: readonly LogLine[]): void =>
      setLines((old) => {
        // After a break lines may come again.
        const last = old.at(-1)?.line ?? 0;
        return [...old, ...more.filter(({ line }) => line > last)].slice(-KEPT);
      });
    const path = pathOf('jobs', id);
    if (hasEnded) {
      const stop = new AbortController();
      call<{ items: LogLine[] }>(`${path}/logs`, { signal: stop.signal }).then(
        ({ items }) => add(items),
        () => {},
      );
      return () => stop.abort();
    }
    return follow<LogMessage>(`${path}/events`, {
      onMessage: ({ type, lines: more = [] }) => type === 'log' && add(more),
      isEnd: (message) => 'snapshot' in message,
    });
  }, [id, hasEnded]);
  useEffect(() => setLines([]), [id]);
  if (lines.length === 0) return null;
  return (
    <Card title="Log" aside={<span class="note">{plural(lines.length, 'line')}</span>}>
      <ol class="log">
        {lines.map(({ line, at, level, message }) => (
          <li key={line} class={`is-${/^(warn|error)$/.test(level) ? level : 'info'}`}>
            <time dateTime={at}>{localTime(Date.parse(at)).slice(11)}</time>
            <span class="log-level">{level}</span>
            <span class="log-text">{message}</span>
          </li>
        ))}
      </ol>
    </Card>
  );
}
