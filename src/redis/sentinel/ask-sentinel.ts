import { Redis } from 'ioredis';
import type { Endpoint } from '../address/redis-url.ts';
import type { RedisTls } from '../address/target.ts';
import type { Told } from './find-primary.ts';

/** A sentinel that has not answered after this long is away, ms. */
const ANSWER_MS = 1_000;

export interface SentinelAccess {
  /** By which the sentinels know the primary. */
  readonly primaryName: string;
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** Undefined without TLS. */
  readonly tls: RedisTls | undefined;
}

/** Asks one sentinel where the primary is, on a connection of its own. Rejects within about a second if it does not say. */
export async function askSentinel(
  { host, port }: Endpoint,
  { primaryName, user, password, tls }: SentinelAccess,
): Promise<Told> {
  const sentinel = new Redis({
    host,
    port,
    ...(user !== undefined && { username: user }),
    ...(password !== undefined && { password }),
    ...(tls && { tls }),
    protocol: 2,
    disableClientInfo: true,
    enableReadyCheck: false,
    connectTimeout: ANSWER_MS,
    // From the call on, the connecting included.
    commandTimeout: ANSWER_MS,
    retryStrategy: () => null,
  });
  let fault: Error | undefined;
  sentinel.on('error', (error: Error) => {
    fault ??= error;
  });
  const ask = (what: string) => sentinel.call('SENTINEL', what, primaryName);
  try {
    const [address, members] = await Promise.all([
      ask('GET-MASTER-ADDR-BY-NAME'),
      // A user of the sentinel may lack this one: then the answer counts as old.
      ask('MASTER').catch(() => []),
    ]);
    return { primary: endpointOf(address, primaryName), epoch: epochIn(members) };
  } catch (error) {
    throw fault ?? error;
  } finally {
    sentinel.disconnect();
  }
}

function endpointOf(reply: unknown, primaryName: string): Endpoint {
  if (!Array.isArray(reply)) throw new Error(`it knows no primary with the name ${primaryName}`);
  const [host, port] = reply;
  return { host: String(host), port: Number(port) };
}

/** The reply is a list of names and values. */
function epochIn(reply: unknown): number {
  const members = Array.isArray(reply) ? reply.map(String) : [];
  const at = members.indexOf('config-epoch');
  return at < 0 ? 0 : Number(members[at + 1]);
}
