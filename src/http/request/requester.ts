import type { FastifyReply } from 'fastify';
import type { Requester } from '../../core/requester.ts';

/** The client of a request. It disconnects when its connection closes or the response is sent. */
export const requesterOf = ({ raw }: FastifyReply): Requester => ({
  onDisconnect: (onDisconnect) => {
    if (raw.closed) onDisconnect();
    else raw.once('close', onDisconnect);
  },
});
