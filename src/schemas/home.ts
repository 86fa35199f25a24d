import { type Static, Type } from 'typebox';

/** The links of `/`. They are relative, so that they also work below the path prefix of a proxy. */
export const HOME_LINKS = {
  dashboard: { href: 'ui/', about: 'The dashboard, for browsers' },
  docs: { href: 'docs/', about: 'All requests and responses, to read and to try out' },
  openapi: { href: 'openapi.json', about: 'The same as an OpenAPI document, for programs' },
  readyz: { href: 'readyz', about: 'Whether the service accepts jobs, and if not, why' },
  livez: { href: 'livez', about: 'Whether the process is alive' },
  queues: { href: 'queues', about: 'All queues with their counts' },
} as const;

const links = {
  dashboard: HOME_LINKS.dashboard.href,
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
        dashboard: link('dashboard'),
        docs: link('docs'),
        openapi: link('openapi'),
        readyz: link('readyz'),
        livez: link('livez'),
        queues: link('queues'),
      },
      { description: 'Addresses relative to this one.' },
    ),
  },
  {
    description: 'The name, version and links of the service.',
    examples: [{ name: 'Millrace', version: '0.1.0', links }],
  },
);
export type Home = Static<typeof Home>;

/** The JSON of `/`. */
export const homeOf = (version: string): Home => ({ name: 'Millrace', version, links });
