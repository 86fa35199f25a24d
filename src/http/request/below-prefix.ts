import type { IncomingMessage } from 'node:http';

interface Rewriting {
  rewriteUrl?: (request: Pick<IncomingMessage, 'url'>) => string;
}

/**
 * How Fastify finds routes below the path of the public address. Some proxies cut that path off and others leave it, so
 * both forms are taken. Costs nothing where there is no such path.
 */
export function belowPrefix(publicUrl: string): Rewriting {
  const prefix = publicUrl === '' ? '' : new URL(publicUrl).pathname.replace(/\/$/, '');
  if (prefix === '') return {};
  return {
    rewriteUrl: ({ url = '/' }) => {
      const isBelow = url.startsWith(prefix) && /^(\/|\?|$)/.test(url.slice(prefix.length));
      return isBelow ? url.slice(prefix.length).replace(/^(?!\/)/, '/') : url;
    },
  };
}
