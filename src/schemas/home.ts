import { type Static, Type } from 'typebox';

/** Where to go on from `/`. Each address is relative to it, so that it holds below the path prefix of a proxy, too. */
export const HOME_LINKS = {
  docs: { href: 'docs/', about: 'Every request and answer, to read and to try out' },
  openapi: { href: 'openapi.json', about: 'The same for programs, as an OpenAPI document' },
  readyz: { href: 'readyz', about: 'Whether jobs are accepted, and if not, why' },
  livez: { href: 'livez', about: 'Whether the process lives' },
  queues: { href: 'queues', about: 'All queues with their counts' },
} as const;

const links = {
  docs: HOME_LINKS.docs.href,
  openapi: HOME_LINKS.openapi.href,
  readyz: HOME_LINKS.readyz.href,
  livez: HOME_LINKS.livez.href,
  queues: HOME_LINKS.queues.href,
};

const link = (name: keyof typeof HOME_LINKS) =>
  Type.String({ format: 'uri-reference', description: `${HOME_LINKS[name].about}.` });

export const Home = Type.Object(
  {
    name: Type.String({ description: 'The name of the service.' }),
    version: Type.String({ description: 'The version of the service.' }),
    links: Type.Object(
      {
        docs: link('docs'),
        openapi: link('openapi'),
        readyz: link('readyz'),
        livez: link('livez'),
        queues: link('queues'),
      },
      { description: 'Addresses, relative to this one.' },
    ),
  },
  { examples: [{ name: 'Millrace', version: '0.1.0', links }] },
);
export type Home = Static<typeof Home>;

/** What `/` says in JSON. */
export const homeOf = (version: string): Home => ({ name: 'Millrace', version, links });

/** The answer of `/`, in the form that Accept prefers. */
export const HomeAnswer = {
  description: 'The name and version of the service, and where to go on.',
  content: {
    'application/json': { schema: Home },
    'text/html': {
      schema: Type.String({ description: 'The same as a page.', examples: ['<!doctype html>'] }),
    },
  },
};
