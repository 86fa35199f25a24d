import { CliError, EXIT } from '../exits.ts';
import { problemError } from './problems.ts';

export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly query?: Query;
  /** Sent as JSON. A text is JSON already. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** How long the API may wait before it answers, ms. Default 0. */
  readonly waitMs?: number;
}

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  /** Undefined when the answer has no body. */
  readonly body: T;
  /** The body as it came: numbers have all their digits. */
  readonly text: string;
}

/** The HTTP API at one address. */
export interface Api {
  readonly url: string;
  /** @throws {CliError} when the API does not answer, or refuses. */
  send<T>(call: Call): Promise<Answer<T>>;
  /** Lines of an event stream, until it ends. @throws {CliError}. */
  lines(path: string, query: Query, lastEventId: string | undefined): AsyncGenerator<string>;
}

export interface Access {
  readonly url: string;
  /** '' for none. */
  readonly key: string;
  readonly stop: AbortSignal;
}

/** A path whose names are encoded: pathOf`/jobs/${id}`. */
export const pathOf = (texts: TemplateStringsArray, ...names: string[]): string =>
  String.raw({ raw: texts }, ...names.map(encodeURIComponent));

const ANSWER_MS = 30_000;
const NOT_MODIFIED = 304;

export const connect = ({ url, key, stop }: Access): Api => {
  const request = async (call: Call, signal: AbortSignal): Promise<Response> => {
    try {
      return await fetch(`${url}${call.path}${queryText(call.query)}`, {
        method: call.method,
        headers: {
          ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
          ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...call.headers,
        },
        ...(call.body === undefined ? {} : { body: bodyText(call.body) }),
        signal,
      });
    } catch (error) {
      throw unreachable(url, error);
    }
  };
  return {
    url,
    send: async <T>(call: Call) => {
      const signal = AbortSignal.any([stop, AbortSignal.timeout(ANSWER_MS + Math.ceil(call.waitMs ?? 0))]);
      const response = await request(call, signal);
      const text = await textOf(url, response);
      if (!response.ok && response.status !== NOT_MODIFIED) throw problemError(response, text);
      const body = (text === '' ? undefined : parse(url, text)) as T;
      return { status: response.status, headers: response.headers, body, text };
    },
    lines: async function* (path, query, lastEventId) {
      const headers = {
        accept: 'application/x-ndjson',
        ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
      };
      const response = await request({ method: 'GET', path, query, headers }, stop);
      if (!response.ok) throw problemError(response, await textOf(url, response));
      yield* linesOf(url, response);
    },
  };
};

function queryText(query: Query = {}): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value])
      .filter((one) => one !== undefined)
      .map((one): [string, string] => [name, String(one)]),
  );
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs)}`;
}

const bodyText = (body: unknown): string => (typeof body === 'string' ? body : JSON.stringify(body));

async function textOf(url: string, response: Response): Promise<string> {
  try {
    return await response.text();
  } catch (error) {
    throw unreachable(url, error);
  }
}

async function* linesOf(url: string, response: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  const chunks = response.body?.values() ?? [];
  try {
    for await (const chunk of chunks) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      yield* lines.filter((line) => line.trim() !== '');
    }
  } catch (error) {
    throw unreachable(url, error);
  }
}

function parse(url: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CliError(
      EXIT.unreachable,
      `What answers at ${url} is not the API of Millrace. Name it with --url or MILLRACE_URL.`,
    );
  }
}

function unreachable(url: string, error: unknown): CliError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const reason = typeof code === 'string' ? code : cause instanceof Error ? cause.message : String(cause);
  return new CliError(
    EXIT.unreachable,
    `No Millrace API answers at ${url} (${reason}). Start one with: millrace dev. Or name another with --url or MILLRACE_URL.`,
  );
}
