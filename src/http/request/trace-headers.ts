import type { IncomingHttpHeaders } from 'node:http';
import { MAX_TRACESTATE, TRACEPARENT_PATTERN, type Trace } from '../../schemas/values/trace.ts';

/** What every version has: later ones may add parts after another `-` (W3C Trace Context, 4.3). */
const ANY_VERSION = /^([0-9a-f]{2})-([0-9a-f]{32}-[0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const VALID = new RegExp(TRACEPARENT_PATTERN);

const KEY = '[a-z0-9][a-z0-9_\\-*/]{0,240}@[a-z][a-z0-9_\\-*/]{0,13}|[a-z][a-z0-9_\\-*/]{0,255}';
const MEMBER = new RegExp(
  `^(${KEY})=[\\x20-\\x2b\\x2d-\\x3c\\x3e-\\x7e]{0,255}[\\x21-\\x2b\\x2d-\\x3c\\x3e-\\x7e]$`,
);
const MAX_MEMBERS = 32;

/** The trace context of a request (W3C Trace Context, level 1); undefined without a valid one. Most have none. */
export function traceOf({ traceparent: given, tracestate: state }: IncomingHttpHeaders): Trace | undefined {
  if (given === undefined) return undefined;
  const traceparent = readTraceparent(String(given));
  if (traceparent === undefined) return undefined;
  const tracestate = readTracestate(state);
  return tracestate === undefined ? { traceparent } : { traceparent, tracestate };
}

/** As version 00. Of the flags of a later version only `sampled` is known here. */
function readTraceparent(text: string): string | undefined {
  const [, version, ids, flags = '', rest] = ANY_VERSION.exec(text) ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  const known = version === '00' ? flags : `0${Number.parseInt(flags, 16) & 1}`;
  const traceparent = `00-${ids}-${known}`;
  return VALID.test(traceparent) ? traceparent : undefined;
}

/** Without spaces around its members; undefined when one of them is not valid. */
function readTracestate(given: string | string[] | undefined): string | undefined {
  const text = [given ?? ''].flat().join(',');
  if (text.length > MAX_TRACESTATE) return undefined;
  const members = text
    .split(',')
    .map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((member) => member !== '');
  const keys = new Set(members.map((member) => MEMBER.exec(member)?.[1]));
  const isValid = members.length <= MAX_MEMBERS && keys.size === members.length && !keys.has(undefined);
  return isValid && members.length > 0 ? members.join(',') : undefined;
}
