import { expect, it } from 'vitest';
import { ReportMonitor } from '../../../workers/supervisor/report-monitor.ts';
import { createManualClock } from '../../helpers/workers/manual-clock.ts';

it('a process that has not reported for three seconds does not move', () => {
  const clock = createManualClock();
  const monitor = new ReportMonitor(clock);
  clock.advance(3_000);
  expect(monitor.fault).toBeUndefined();
  clock.advance(500);
  expect(monitor.fault).toBe('its event loop has not moved for 3.5 s');
  monitor.record(undefined);
  expect(monitor.fault).toBeUndefined();
});

it('a process says itself which queue it has not read', () => {
  const monitor = new ReportMonitor(createManualClock());
  monitor.record({ queue: 'q' });
  expect(monitor.fault).toBe('it has not read queue q yet');
  monitor.record({ queue: 'q', forMs: 12_345 });
  expect(monitor.fault).toBe('it has not read queue q for 12.3 s');
});
