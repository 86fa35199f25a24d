import type { Caller } from '../../access/caller.ts';
import { AppError } from '../../errors.ts';
import type { LeaseClaim } from '../../leases/lease-holder.ts';
import { OversizeReport } from '../../leases/settle/oversize-report.ts';
import { leaseHolderOf } from '../access/caller-view.ts';

/** A request that reports about one job. */
export interface ReportRequest {
  readonly body: Readonly<Record<string, unknown>>;
  readonly query: { readonly lease?: string };
  readonly caller: Caller;
}

/** The lease that a report of one job names, in its body or in its URL. @throws {AppError} payload-too-large. */
export function leaseOf({ body, query, caller }: ReportRequest): LeaseClaim {
  const text = body['lease'] ?? query.lease;
  if (text === undefined) refuseOversize(body);
  return { text, holder: leaseHolderOf(caller) };
}

/** For a report of which nothing is known but that it is too large. @throws {AppError} payload-too-large. */
export function refuseOversize(body: object): void {
  if (!(body instanceof OversizeReport)) return;
  throw new AppError(
    'payload-too-large',
    `The report has ${body.bytes} bytes, which is too much to be read. Settle fewer jobs in one request; for one job, name the lease as ?lease= and its outcome is stored.`,
  );
}
