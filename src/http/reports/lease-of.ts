import { AppError } from '../../errors.ts';
import { OversizeReport } from '../../leases/settle/oversize-report.ts';

/** A request that reports about one job. */
export interface ReportRequest {
  readonly body: Readonly<Record<string, unknown>>;
  readonly query: { readonly lease?: string };
}

/** The lease that a report of one job names, in its body or in its URL. @throws {AppError} payload-too-large. */
export function leaseOf({ body, query }: ReportRequest): unknown {
  const lease = body['lease'] ?? query.lease;
  if (lease === undefined) refuseOversize(body);
  return lease;
}

/** For a report of which nothing is known but that it is too large. @throws {AppError} payload-too-large. */
export function refuseOversize(body: object): void {
  if (!(body instanceof OversizeReport)) return;
  throw new AppError(
    'payload-too-large',
    `The report has ${body.bytes} bytes, which is too much to be read. Settle fewer jobs in one request; for one job, name the lease as ?lease= and its outcome is stored.`,
  );
}
