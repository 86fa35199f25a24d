import type { IncomingMessage } from 'node:http';

/** A body of at most this many bytes is read and dropped, and the connection is kept. */
const MAX_DROPPED_BYTES = 65_536;

/** Whether a request that is answered now leaves more of its body unread than is worth reading. */
export function leavesBodyUnread({ complete, headers }: IncomingMessage): boolean {
  if (complete) return false;
  if (headers['transfer-encoding'] !== undefined) return true;
  return Number(headers['content-length'] ?? 0) > MAX_DROPPED_BYTES;
}
