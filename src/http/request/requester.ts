import type { FastifyReply } from 'fastify';
import type { Requester } from '../../core/requester.ts';

/** The client of a request. It counts as gone once its connection closes, or the answer is out. */
export const requesterOf = ({ raw }: FastifyReply): Requester => ({
  onDisconnect: (onGone) => {
    if (raw.closed) onGone();
    else raw.once('close', onGone);
  },
});
