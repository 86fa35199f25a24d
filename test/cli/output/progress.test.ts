import { expect, it } from 'vitest';
import { createProgress, progressText } from '../../../src/cli/output/progress.ts';
import { keepingSink } from '../../helpers/cli/sink.ts';

it('shows the share, the count, the rate and the time left', () => {
  expect(progressText(50_000, 200_000, 10, 'jobs')).toBe(
    `[######..................] 25%  50,000 of 200,000 jobs  5,000/s  30 s left`,
  );
  expect(progressText(1_500, undefined, 1, 'jobs')).toBe('1,500 jobs  1,500/s');
});

it('draws on a terminal, not too often, and leaves a clean line', async () => {
  let now = 0;
  const clock = { wall: () => now, monotonic: () => now };
  const err = keepingSink(true);
  const progress = createProgress(err, clock, 'jobs');
  await progress.show(1, 10);
  await progress.show(2, 10);
  now = 1_000;
  await progress.show(3, 10);
  await progress.clear();
  expect(err.text().match(/\d+ of 10/g)).toEqual(['1 of 10', '3 of 10']);
  expect(err.text().endsWith('\r\u001b[K')).toBe(true);
});

it('draws nothing elsewhere', async () => {
  const err = keepingSink(false);
  const progress = createProgress(err, { wall: () => 0, monotonic: () => 0 }, 'jobs');
  await progress.show(1, 10);
  await progress.clear();
  expect(err.text()).toBe('');
});
