import type { JSX } from 'preact';
import { When } from '../../parts/bits.tsx';
import { localTime } from '../../parts/format.ts';

const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Times in the zone of the schedule, and in that of the reader. */
export function NextRuns({ times, timeZone }: { times: readonly string[]; timeZone: string }): JSX.Element {
  if (times.length === 0) return <p class="note">It does not fire again.</p>;
  const isSame = timeZone === HERE;
  return (
    <table class="figures is-left">
      <thead>
        <tr>
          <th scope="col">{timeZone}</th>
          {!isSame && <th scope="col">{HERE} (here)</th>}
          <th scope="col">From now</th>
        </tr>
      </thead>
      <tbody>
        {times.map((at) => (
          <tr key={at}>
            <td>{inZone(at, timeZone)}</td>
            {!isSame && <td>{localTime(Date.parse(at))}</td>}
            <td>
              <When at={at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The browser may know fewer zones than the API. */
function inZone(at: string, timeZone: string): string {
  try {
    return localTime(Date.parse(at), timeZone);
  } catch {
    return at;
  }
}
