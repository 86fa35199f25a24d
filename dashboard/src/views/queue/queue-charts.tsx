import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { Card } from '../../parts/bits.tsx';
import { Chart } from '../../parts/chart.tsx';
import { brief } from '../../parts/format.ts';
import type { Reading, Sample } from '../../state/stats.ts';

/** How fast the queue is, and how full, since the page is open. */
export function QueueCharts({ reading: { samples } }: { reading: Reading }): JSX.Element {
  const times = useMemo(() => samples.map(({ at }) => at), [samples]);
  const of = (name: keyof Sample) => samples.map((sample) => sample[name]);
  const rates = useMemo(
    () => [
      { name: 'Submitted', kind: 'info' as const, values: of('submitted') },
      { name: 'Completed', kind: 'good' as const, values: of('completed') },
      { name: 'Failed', kind: 'bad' as const, values: of('failed') },
    ],
    [samples],
  );
  const jobs = useMemo(
    () => [
      { name: 'Waiting', kind: 'plan' as const, values: of('queued') },
      { name: 'Running', kind: 'info' as const, values: of('running') },
    ],
    [samples],
  );
  return (
    <div class="charts">
      <Card title="Jobs per minute">
        <Chart label="Jobs per minute" times={times} series={rates} format={brief} />
      </Card>
      <Card title="Jobs in the queue">
        <Chart label="Jobs in the queue" times={times} series={jobs} format={brief} />
      </Card>
    </div>
  );
}
