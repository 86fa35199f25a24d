import type { ServerConnection } from '../../redis/connection.ts';
import { commandSamples } from './command-samples.ts';
import type { AclReadings } from './readings.ts';

/** Redis refuses the command itself, or its key: no permission, renamed, or not there. EXEC wraps the reason. */
const REFUSAL = /^(EXECABORT .*because of: )?(NOPERM|ERR unknown (sub)?command)/i;

/**
 * Finds the commands that the user may not run, without running one: Redis checks permissions when it takes a command into a
 * transaction. It works with the rights of the service, where ACL DRYRUN needs those of an administrator.
 *
 * @param redis a connection for this alone, which the caller closes. That ends the transaction, too, if DISCARD is refused.
 */
export async function readAcl(redis: ServerConnection, key: string): Promise<AclReadings> {
  const denied = new Map<string, string>();
  const attempt = async (name: string, args: readonly string[]): Promise<void> => {
    const [command = name, ...sub] = name.split('|');
    const reply = await replyOf(redis.call(command, ...sub, ...args));
    if (REFUSAL.test(reply)) denied.set(name, reply);
  };
  // The rights of docs/how-to/scale.md do not let the user ask.
  const user = await redis.call('ACL', 'WHOAMI').then(String, () => redis.options.username ?? undefined);
  // Outside of a transaction EXEC only fails. It must come first: inside it would run what follows.
  await attempt('exec', []);
  await attempt('multi', []);
  if (denied.has('multi')) return { user, denied };
  const samples = Object.entries(commandSamples(key)).filter(([name]) => name !== 'multi' && name !== 'exec');
  await Promise.all(samples.map(([name, args]) => attempt(name, args)));
  await replyOf(redis.call('DISCARD'));
  return { user, denied };
}

/** The reply as text; of an error, its message. */
const replyOf = (reply: Promise<unknown>): Promise<string> =>
  reply.then(String, (error: unknown) => {
    if (error instanceof Error && error.name === 'ReplyError') return error.message;
    throw error;
  });
