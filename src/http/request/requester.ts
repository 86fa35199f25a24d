import type { FastifyReply } from 'fastify';
import { unauthorized } from '../../access/refusals.ts';
import type { Requester } from '../../core/requester.ts';

/**
 * The client of a request that waits. It disconnects when its connection closes or the response is sent; a client that loses its
 * access during the wait gets a 401, and counts as gone.
 */
export const requesterOf = (reply: FastifyReply): Requester => ({
  onDisconnect: (onDisconnect) => {
    const { raw } = reply;
    if (raw.closed) {
      onDisconnect();
      return;
    }
    endWithAccess(reply, () => {
      raw.off('close', onDisconnect);
      onDisconnect();
    });
    raw.once('close', onDisconnect);
  },
});

/** Answers 401 as soon as the client of an open request loses its access, and closes a connection that still sends its body. */
export function endWithAccess(reply: FastifyReply, onLost: () => void = () => undefined): void {
  const { raw, request, server } = reply;
  if (raw.closed) return;
  const unwatch = server.accessWatch?.watch(request, () => {
    unwatch?.();
    onLost();
    // Else the rest of a short body would be read, and its jobs stored.
    if (!request.raw.complete) reply.header('connection', 'close');
    reply.send(unauthorized());
  });
  if (unwatch !== undefined) raw.once('close', unwatch);
}
