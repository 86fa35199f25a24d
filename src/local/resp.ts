import { connect, type Socket } from 'node:net';

/** A reply of Redis in RESP2. An error reply is thrown instead. */
export type Reply = string | number | null | Reply[];

/** Redis answered with an error, such as `WRONGPASS` or `LOADING`. */
export class RedisReplyError extends Error {
  override readonly name = 'RedisReplyError';
}

/**
 * Sends one command over a connection of its own and waits for the reply. It knows `unix:///path` and
 * `redis://[:password@]host:port`, the addresses of a Redis started here; everything else uses ioredis.
 *
 * @throws {RedisReplyError} for an error reply; any other error when Redis does not reply within `deadlineMs`.
 */
export async function callRedis(url: string, command: string[], deadlineMs = 1_000): Promise<Reply> {
  const { password } = new URL(url);
  const commands = password === '' ? [command] : [['AUTH', decodeURIComponent(password)], command];
  const replies = await exchange(open(url), commands, deadlineMs);
  const last = replies.at(-1);
  const refused = replies.find((reply) => reply instanceof RedisReplyError) ?? last;
  if (refused instanceof Error) throw refused;
  return last as Reply;
}

function open(url: string): Socket {
  const { protocol, pathname, hostname, port } = new URL(url);
  if (protocol === 'unix:') return connect(decodeURIComponent(pathname));
  return connect(Number(port), hostname);
}

type RawReply = Reply | RedisReplyError;

function exchange(socket: Socket, commands: string[][], deadlineMs: number): Promise<RawReply[]> {
  return new Promise<RawReply[]>((resolve, reject) => {
    let received = Buffer.alloc(0);
    const timer = setTimeout(
      () => socket.destroy(new Error(`Redis did not answer within ${deadlineMs} ms.`)),
      deadlineMs,
    );
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      try {
        const replies = parseAll(received, commands.length);
        if (replies === undefined) return;
        resolve(replies);
        socket.destroy();
      } catch (error) {
        reject(error);
        socket.destroy();
      }
    });
    socket.on('error', reject);
    socket.on('close', () => {
      clearTimeout(timer);
      reject(new Error('Redis closed the connection.'));
    });
    socket.write(commands.map(encode).join(''));
  });
}

const encode = (command: string[]): string =>
  `*${command.length}\r\n${command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join('')}`;

/** The first `count` replies; undefined while bytes are missing. */
function parseAll(bytes: Buffer, count: number): RawReply[] | undefined {
  const replies: RawReply[] = [];
  let at = 0;
  while (replies.length < count) {
    const parsed = parseOne(bytes, at);
    if (parsed === undefined) return undefined;
    replies.push(parsed.value);
    at = parsed.next;
  }
  return replies;
}

function parseOne(bytes: Buffer, at: number): { value: RawReply; next: number } | undefined {
  const end = bytes.indexOf('\r\n', at);
  if (end === -1) return undefined;
  const line = bytes.toString('utf8', at + 1, end);
  const next = end + 2;
  switch (bytes.toString('latin1', at, at + 1)) {
    case '+':
      return { value: line, next };
    case '-':
      return { value: new RedisReplyError(line), next };
    case ':':
      return { value: Number(line), next };
    case '$':
      return parseBulk(bytes, next, Number(line));
    case '*':
      return parseArray(bytes, next, Number(line));
    default:
      throw new Error('The server at this address does not use the Redis protocol.');
  }
}

function parseBulk(bytes: Buffer, at: number, length: number): { value: RawReply; next: number } | undefined {
  if (length === -1) return { value: null, next: at };
  if (bytes.length < at + length + 2) return undefined;
  return { value: bytes.toString('utf8', at, at + length), next: at + length + 2 };
}

function parseArray(
  bytes: Buffer,
  at: number,
  length: number,
): { value: RawReply; next: number } | undefined {
  if (length === -1) return { value: null, next: at };
  const items: Reply[] = [];
  let next = at;
  while (items.length < length) {
    const item = parseOne(bytes, next);
    if (item === undefined) return undefined;
    items.push(item.value instanceof RedisReplyError ? item.value.message : item.value);
    next = item.next;
  }
  return { value: items, next };
}
