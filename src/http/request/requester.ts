import type { FastifyReply } from 'fastify';
import { unauthorized } from '../../access/refusals.ts';
import type { Requester } from '../../core/requester.ts';

/**
 * The client of a request that waits. It disconnects when its connection closes or the response is sent; a client that loses its
 * access during the wait gets a 401, and counts as gone.
 */
export const requesterOf = (reply: FastifyReply): Requester => ({
  onDisconnect: (onDisconnect) => {
    const { raw, request, server } = reply;
    if (raw.closed) {
      onDisconnect();
      return;
    }
    const unwatch = server.accessWatch?.watch(request, () => {
      unwatch?.();
      raw.off('close', onDisconnect);
      onDisconnect();
      reply.send(unauthorized());
    });
    raw.once('close', onDisconnect);
    if (unwatch !== undefined) raw.once('close', unwatch);
  },
});
