import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { until } from '../redis/server.ts';

/** A message as an EventSource dispatches it (HTML standard, 9.2.6). */
export interface Message {
  /** The last id sent, with this message or before it. */
  id: string;
  type: string;
  data: Record<string, unknown>;
}

/** Splits a stream into messages. Comments and blocks without data are not messages. */
export class SseParser {
  #rest = '';
  lastId = '';
  comments = 0;

  push(text: string): Message[] {
    const blocks = (this.#rest + text).split('\n\n');
    this.#rest = blocks.pop() ?? '';
    return blocks.flatMap((block) => this.#read(block));
  }

  #read(block: string): Message[] {
    const data: string[] = [];
    let type = 'message';
    for (const line of block.split('\n')) {
      const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
      if (line.startsWith(':')) this.comments += 1;
      else if (name === 'id') this.lastId = value;
      else if (name === 'event') type = value;
      else if (name === 'data') data.push(value);
    }
    if (data.length === 0) return [];
    return [{ id: this.lastId, type, data: JSON.parse(data.join('\n')) }];
  }
}

export interface StreamOptions {
  lastEventId?: string | undefined;
  accept?: string;
  headers?: Readonly<Record<string, string>>;
  /** Called for each message as it comes. */
  onMessage?: (message: Message) => void;
}

/** An open stream of events. */
export interface OpenStream {
  readonly response: IncomingMessage;
  readonly parser: SseParser;
  readonly messages: readonly Message[];
  /** The whole text received. */
  readonly text: string;
  /** Resolves when the stream has ended for any reason. */
  readonly ended: Promise<void>;
  /** Resolves when `count` messages have been received. */
  count(count: number): Promise<readonly Message[]>;
  /** The first message of the type, already received or not. */
  message(type: string): Promise<Message>;
  close(): void;
}

/** Opens a stream of events; rejects when there is no response. */
export async function openStream(
  origin: string,
  path: string,
  options: StreamOptions = {},
): Promise<OpenStream> {
  const { lastEventId, accept = 'text/event-stream', onMessage } = options;
  const headers = {
    accept,
    ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    ...options.headers,
  };
  const outgoing = request(`${origin}${path}`, { headers, agent: false });
  const response = await responseTo(outgoing);
  const parser = new SseParser();
  const messages: Message[] = [];
  let text = '';
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    text += chunk;
    for (const message of parser.push(chunk)) {
      messages.push(message);
      onMessage?.(message);
    }
  });
  let hasEnded = false;
  const ended = new Promise<void>((resolve) => {
    const end = () => {
      hasEnded = true;
      resolve();
    };
    response.once('close', end);
    response.once('error', end);
  });
  const seen = () => messages.map(({ type }) => type).join(' ');
  /** What was looked for among the messages. @throws {Error} once none can come any more. */
  const orEnd = <T>(found: T | false | undefined, what: string): T | false | undefined => {
    if (!found && hasEnded) throw new Error(`The stream has ended without ${what}: ${text.slice(-200)}`);
    return found;
  };
  return {
    response,
    parser,
    messages,
    get text() {
      return text;
    },
    ended,
    count: (count) =>
      until(
        () => orEnd(messages.length >= count && messages, `${count} messages`),
        () => `${count} messages, not ${seen()}`,
      ),
    message: (type) =>
      until(
        () =>
          orEnd(
            messages.find((message) => message.type === type),
            type,
          ),
        () => `${type} in ${seen()}`,
      ),
    close: () => outgoing.destroy(),
  };
}

function responseTo(outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once('response', resolve);
    // An error after the response began ends the stream.
    outgoing.on('error', reject);
    outgoing.end();
  });
}

export const typesIn = (messages: readonly Message[]): string[] => messages.map(({ type }) => type);
