import * as reports from '../../../src/leases/settle/reports.ts';

const MAX_RESULT_BYTES = 1_000;

type Item = { readonly id: string } & Readonly<Record<string, unknown>>;

/** The report of an item whose result may have a thousand bytes. */
const reader =
  (read: reports.ReadReport) =>
  ({ id, ...members }: Item): reports.JobReport =>
    read(id, members, MAX_RESULT_BYTES);

export const completed = reader(reports.completed);
export const failed = reader(reports.failed);
export const released = reader(reports.released);
