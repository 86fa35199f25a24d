import { durationMs } from '../../schemas/values/duration-text.ts';
import { invalid } from '../errors.ts';
import type { Duration } from '../types/api.ts';

/** The address of a service without a slash at its end. Errors do not quote it: it may hold a password. */
export function addressOf(given: string | URL): string {
  const url = parsed(given);
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw invalid('The url is no address of a service. Use one such as http://127.0.0.1:3000.');
  }
  if (url.username !== '' || url.password !== '') {
    throw invalid('The url holds a user name or a password. Give the access key as key.');
  }
  return url.href.replace(/[?#].*$/, '').replace(/\/+$/, '');
}

function parsed(given: string | URL): URL | undefined {
  try {
    return new URL(given);
  } catch {
    return undefined;
  }
}

/** A key without space around it. '' for none. Errors do not quote it. */
export function keyOf(given: string | null | undefined): string {
  const key = (given ?? '').trim();
  if (isPrintable(key)) return key;
  throw invalid('The key has characters that no key has: check where it comes from.');
}

/** Those headers that have a value. */
export function headersOf(given: Readonly<Record<string, string | undefined>>): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!isPrintable(value)) {
      throw invalid(`${name} is ${JSON.stringify(value)}. It must be printable ASCII characters.`);
    }
    headers.set(name, value);
  }
  return headers;
}

const isPrintable = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);

/** The JSON of a body. It is made once, so that all tries send the same. */
export function jsonOf(body: unknown): string {
  try {
    return JSON.stringify(body);
  } catch (error) {
    throw invalid(`The body cannot be sent as JSON: ${messageOf(error)}`, error);
  }
}

/** Whether `fetch` takes the request at all: it throws the same errors for a wrong request and for a broken connection. */
export function checkRequest(url: string, init: RequestInit): void {
  try {
    new Request(url, init);
  } catch (error) {
    throw invalid(`The request cannot be sent: ${messageOf(error)}`, error);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The value, when it is not below `least`. */
export function numberOf(name: string, value: number, least: number): number {
  if (value >= least) return value;
  throw invalid(`${name} is ${value}. It must be a number from ${least}.`);
}

/** The milliseconds of a duration. */
export function durationOf(name: string, value: Duration): number {
  const ms = typeof value === 'number' ? value : textMs(value);
  if (ms >= 0) return ms;
  throw invalid(
    `${name} is ${JSON.stringify(String(value))}. It must be milliseconds, or text such as "30s".`,
  );
}

function textMs(text: string): number {
  try {
    return durationMs(text);
  } catch {
    return Number.NaN;
  }
}
