import { MillraceError, Unreachable } from '../../client/errors.ts';
import {
  type JobStreamMessage,
  jobEvents,
  type QueueMessage,
  queueEvents,
} from '../../client/events/events.ts';
import { pathOf as clientPathOf } from '../../client/http/path.ts';
import { type RequestOptions, Service } from '../../client/http/service.ts';
import type { Event } from '../../client/types/api.generated.ts';
import type { Options } from '../description.ts';
import type { CliError } from '../exits.ts';
import { refusal, unreachable } from './problems.ts';

export type Query = NonNullable<RequestOptions['query']>;

export interface Call extends Pick<RequestOptions, 'query' | 'body' | 'headers' | 'waitMs' | 'isRepeatable'> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  /** Sent as it is in place of `body`, so that numbers keep all their digits. JSON unless `headers` say otherwise. */
  readonly text?: string;
  /** Ctrl-C does not end it: what it has done must be known. */
  readonly isWhole?: boolean;
}

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  /** Undefined when the answer has no body. */
  readonly body: T;
  /** The body as it came: numbers have all their digits. */
  readonly text: string;
}

export interface EventsFrom {
  readonly path: string;
  readonly types: readonly Event['type'][] | undefined;
  readonly lastEventId: string | undefined;
}

/** The HTTP API at one address, by the client for programs. */
export interface Api {
  readonly url: string;
  /** @throws {CliError} when the API does not answer, or refuses. */
  send<T>(call: Call): Promise<Answer<T>>;
  /** Events without an end. Goes on when the API restarts. @throws {CliError}. */
  events(from: EventsFrom): AsyncGenerator<QueueMessage, void>;
  /** A job, then its events and the lines of its log, up to its end. Goes on when the API restarts. @throws {CliError}. */
  jobEvents(id: string): AsyncGenerator<JobStreamMessage, void>;
}

export interface Access {
  readonly url: string;
  /** '' for none. */
  readonly key: string;
  readonly stop: AbortSignal;
  /** Of the command: a refusal names those that gave what is wrong. */
  readonly options?: Options;
}

/** Until the first answer nothing is repeated: the address may be wrong. */
const FIRST_TRIES = 1;
const NOT_MODIFIED = 304;
const RECONNECT_FOR = '1d';

export function connect({ url, key, stop, options: ofCommand }: Access): Api {
  let hasAnswered = false;
  const access = { url, key: key === '' ? undefined : key };

  async function send<T>(call: Call): Promise<Answer<T>> {
    const { method, path, text, isWhole = false, ...options } = call;
    let response: Response | undefined;
    const headers =
      text === undefined ? options.headers : { 'content-type': 'application/json', ...options.headers };
    const signal = isWhole ? undefined : stop;
    try {
      const service = new Service({
        ...access,
        tries: hasAnswered ? undefined : FIRST_TRIES,
        fetch: async (input, init) => {
          const answer = await fetch(input, text === undefined ? init : { ...init, body: text });
          hasAnswered = true;
          response = answer.clone();
          return answer;
        },
      });
      const answer = await service.request<T>(method, path, { ...options, headers, signal });
      return { ...answer, text: (await response?.text()) ?? '' };
    } catch (error) {
      if (error instanceof MillraceError && error.status === NOT_MODIFIED) {
        return { status: NOT_MODIFIED, headers: new Headers(), body: undefined as T, text: '' };
      }
      throw faultOf(url, error, ofCommand);
    }
  }

  async function* jobStream(id: string): AsyncGenerator<JobStreamMessage, void> {
    try {
      yield* jobEvents(new Service(access), id, { signal: stop, reconnectFor: RECONNECT_FOR });
    } catch (error) {
      throw faultOf(url, error, ofCommand);
    }
  }

  async function* events({ path, types, lastEventId }: EventsFrom): AsyncGenerator<QueueMessage, void> {
    // A stream would wait for an API that is not there.
    await send({ method: 'GET', path: '/queues', query: { limit: 1 } });
    const options = { types, lastEventId, signal: stop, reconnectFor: RECONNECT_FOR };
    try {
      yield* queueEvents(new Service(access), path, options);
    } catch (error) {
      throw faultOf(url, error, ofCommand);
    }
  }

  return { url, send, events, jobEvents: jobStream };
}

/** A path with the encoded names in it. @throws {CliError} for a name that leads to another place, such as an empty one. */
export function pathOf(texts: TemplateStringsArray, ...names: string[]): string {
  try {
    return clientPathOf(texts, ...names);
  } catch (error) {
    throw error instanceof MillraceError ? refusal(error) : error;
  }
}

function faultOf(url: string, error: unknown, options: Options | undefined): CliError | unknown {
  if (error instanceof Unreachable) return unreachable(url, error);
  return error instanceof MillraceError ? refusal(error, options) : error;
}
