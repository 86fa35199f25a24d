import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError } from '../../errors.ts';
import { OversizeReport } from '../../leases/settle/oversize-report.ts';
import { REPORT_TEXTS } from '../../leases/settle/reports.ts';
import { tooManyItems } from '../../leases/settle/settle-items.ts';
import { MAX_SETTLED } from '../../schemas/settle.ts';
import { withoutMark } from '../request/bom.ts';
import { type JsonReading, readLongJson } from '../request/read-json.ts';

/** Many results fit into a report of this many bytes, and so does one that is too large to be stored. */
const MIN_LIMIT = 8 * 1_048_576;
/** A body with more bytes than this is not read to its end. */
const MAX_DROPPED = 1_073_741_824;
/** What is kept of each end of a body that is too large. */
const KEPT_BYTES = 4_096;
const SHOWN_CHARACTERS = 1_000;

/** The bytes that the body of a report may have. */
export const reportLimit = (maxResultBytes: number): number => Math.max(MIN_LIMIT, 2 * maxResultBytes);

/** Reads the JSON bodies of the routes of `app` as reports. */
export function readReports(app: FastifyInstance, limit: number): void {
  app.removeContentTypeParser('application/json');
  const read = (_request: FastifyRequest, body: Readable) => readReportBody(body, limit);
  app.addContentTypeParser('application/json', read);
}

/**
 * The value of a body, or an `OversizeReport` for a body of more than `limit` bytes. Reads that one to its end, since a
 * client that still sends would miss the answer, and drops it.
 *
 * @throws {AppError} broken-json; payload-too-large for more than 1 GiB; invalid-request for a body that breaks off.
 */
export async function readReportBody(body: Readable, limit: number): Promise<unknown> {
  let whole: Buffer[] = [];
  let ends: { first: Buffer; last: Buffer } | undefined;
  let bytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_DROPPED) throw tooLarge(MAX_DROPPED);
      if (bytes <= limit) whole.push(chunk);
      else {
        const known = Buffer.concat([...(ends === undefined ? whole : [ends.last]), chunk]);
        // Copies: a part would keep the whole buffer alive.
        ends = {
          first: ends?.first ?? Buffer.from(known.subarray(0, KEPT_BYTES)),
          last: Buffer.from(known.subarray(-KEPT_BYTES)),
        };
        whole = [];
      }
    }
  } catch (error) {
    throw error instanceof AppError ? error : brokenOff(error);
  }
  if (ends !== undefined) return oversizeReport(bytes, ends.first.toString(), ends.last.toString());
  return bytes === 0 ? undefined : readLongJson(withoutMark(Buffer.concat(whole)), 'The body', READING);
}

/** Most values outside of results and other texts. A log of some ten thousand lines has as many. */
const MAX_VALUES = 50_000;

const READING: JsonReading = {
  texts: REPORT_TEXTS,
  isReport: true,
  maxValues: MAX_VALUES,
  items: { most: MAX_SETTLED, error: tooManyItems },
  whenTooMany: (json) =>
    oversizeReport(
      json.length,
      json.toString('utf8', 0, KEPT_BYTES),
      json.toString('utf8', json.length - KEPT_BYTES),
    ),
};

/** The lease as the first member of a body, or as the last: one inside a text would have its quotes escaped. */
const FIRST_LEASE = /^\ufeff?\s*\{\s*"lease"\s*:\s*"([^"\\]*)"/;
const LAST_LEASE = /"lease"\s*:\s*"([^"\\]*)"\s*\}\s*$/;

function oversizeReport(bytes: number, first: string, last: string): OversizeReport {
  const [, lease] = FIRST_LEASE.exec(first) ?? LAST_LEASE.exec(last) ?? [];
  return new OversizeReport(bytes, lease, Array.from(first).slice(0, SHOWN_CHARACTERS).join(''));
}

const tooLarge = (limit: number) =>
  new AppError('payload-too-large', `The report has more than ${limit} bytes. Send less.`);

const brokenOff = (cause: unknown) =>
  new AppError('invalid-request', 'The connection was closed before the body was complete.', { cause });
