import type { Connection, ServerConnection } from '../connection.ts';

/** How ioredis gives up a socket that has been silent for longer than `socketTimeout`. */
const isSilence = (error: Error | undefined): boolean => error?.message.startsWith('Socket timeout') === true;

/**
 * Makes a connection read what has arrived before it is given up for silence. A process that gets no CPU for a while, or has a long
 * turn, meets the timer of ioredis before it looks at the socket: a reply in time would be a fault, and every request a 503.
 */
export function readBeforeTimeout(redis: Connection): void {
  if (redis.isCluster) redis.on('+node', readFirst);
  else readFirst(redis as ServerConnection);
}

function readFirst(redis: ServerConnection): void {
  redis.on('connect', () => {
    const { stream } = redis;
    const destroy = stream.destroy.bind(stream);
    stream.destroy = (error) => {
      if (!isSilence(error)) return destroy(error);
      const { bytesRead } = stream;
      // Sockets are read before immediates run. What came starts the time again.
      setImmediate(() => {
        if (stream.bytesRead === bytesRead) destroy(error);
      });
      return stream;
    };
  });
}
