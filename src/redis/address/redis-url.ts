/** Where a server listens. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** What API and workers talk to: one server, the primary that sentinels name, or the nodes of a Cluster. */
export type Topology = 'single' | 'sentinel' | 'cluster';

interface Access {
  readonly isTls: boolean;
  /** The user and the password for Redis itself; '' for none. */
  readonly user: string;
  readonly password: string;
}

/** What REDIS_URL says, by its topology. */
export type RedisUrl =
  | { readonly topology: 'single'; readonly isTls: boolean; readonly url: URL }
  | (Access & {
      readonly topology: 'sentinel';
      readonly endpoints: readonly Endpoint[];
      /** By which the sentinels know the primary. */
      readonly primaryName: string;
    })
  | (Access & { readonly topology: 'cluster'; readonly endpoints: readonly Endpoint[] });

const SENTINEL_PORT = 26_379;
const REDIS_PORT = 6_379;
/** The names that a sentinel takes: https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/ */
const PRIMARY_NAME = /^[A-Za-z0-9._-]+$/;
/** The path of the URL of one server. */
const DATABASE = /^\/?\d{0,9}\/?$/;
/** `//user:password@host:port,host:port/path`. `URL` takes only one host. */
const MANY_HOSTS = /^(rediss?)\+(sentinel|cluster):\/\/(?:([^@/]*)@)?([^@/?#]+)(?:\/([^/?#]*))?$/;

/** Reads a value of REDIS_URL; undefined if it is not one. */
export function parseRedisUrl(text: string): RedisUrl | undefined {
  const [, scheme, kind, userInfo = '', hosts = '', path = ''] = MANY_HOSTS.exec(text) ?? [];
  if (kind === undefined) return parseSingle(text);
  const access = parseUserInfo(userInfo);
  const endpoints = parseEndpoints(hosts, kind === 'sentinel' ? SENTINEL_PORT : REDIS_PORT);
  if (access === undefined || endpoints === undefined) return undefined;
  const common = { isTls: scheme === 'rediss', ...access, endpoints };
  if (kind === 'cluster') return path === '' ? { topology: 'cluster', ...common } : undefined;
  return PRIMARY_NAME.test(path) ? { topology: 'sentinel', ...common, primaryName: path } : undefined;
}

function parseSingle(text: string): RedisUrl | undefined {
  // `URL` takes no user without a host.
  const full = text.replace(/^(unix:\/\/[^/]*@)\//i, '$1localhost/');
  if (!URL.canParse(full)) return undefined;
  const url = new URL(full);
  const isTls = url.protocol === 'rediss:';
  const isServer = (url.protocol === 'redis:' || isTls) && url.hostname !== '' && DATABASE.test(url.pathname);
  const isSocket = url.protocol === 'unix:' && /^(localhost)?$/.test(url.host) && url.pathname.length > 1;
  const isReadable = [url.username, url.password, url.pathname].every((part) => decoded(part) !== undefined);
  return (isServer || isSocket) && isReadable ? { topology: 'single', isTls, url } : undefined;
}

function parseUserInfo(text: string): Pick<Access, 'user' | 'password'> | undefined {
  const colon = text.indexOf(':');
  const parts = colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
  const [user, password] = parts.map(decoded);
  return user === undefined || password === undefined ? undefined : { user, password };
}

/** Without its encoding; undefined where a `%` stands for no character. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function parseEndpoints(text: string, defaultPort: number): Endpoint[] | undefined {
  const endpoints = text.split(',').map((one) => parseEndpoint(one, defaultPort));
  return endpoints.every((one) => one !== undefined) ? endpoints : undefined;
}

/** Reads `host`, `host:port` or `[IPv6]:port`; undefined for any other text. */
export function parseEndpoint(text: string, defaultPort?: number): Endpoint | undefined {
  const [, inBrackets, plain, digits] =
    /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = inBrackets ?? plain;
  const port = digits === undefined ? defaultPort : Number(digits);
  const isPort = port !== undefined && port >= 1 && port <= 65_535;
  return host === undefined || !isPort ? undefined : { host, port };
}

export const endpointText = ({ host, port }: Endpoint): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** The address for people: without user, password and query. */
export function withoutSecrets(text: string): string {
  const url = parseRedisUrl(text);
  if (url === undefined) return 'the address in REDIS_URL';
  if (url.topology === 'single') {
    const { protocol, host, pathname } = url.url;
    return protocol === 'unix:' ? `unix:${pathname}` : `${protocol}//${host}${pathname}`;
  }
  const path = url.topology === 'sentinel' ? `/${url.primaryName}` : '';
  return `redis${url.isTls ? 's' : ''}+${url.topology}://${url.endpoints.map(endpointText).join(',')}${path}`;
}

/** The hosts that REDIS_URL names; of a Unix socket none. */
export function hostsOf(text: string): string[] {
  const url = parseRedisUrl(text);
  if (url === undefined) return [];
  if (url.topology !== 'single') return url.endpoints.map(({ host }) => host);
  return url.url.protocol === 'unix:' ? [] : [url.url.hostname.replace(/^\[|\]$/g, '')];
}
