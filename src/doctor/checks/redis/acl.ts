import { ACK_COMMANDS, NEEDED_COMMANDS, OPTIONAL_COMMANDS } from '../../../redis/acl/needed-commands.ts';
import { type Finding, fault, note, ok } from '../../finding.ts';
import type { Reading } from '../../readings/reading.ts';
import type { AclReadings, EnvironmentReadings } from '../../readings/readings.ts';

/** The settings of the environment that matter for the rights. */
type AclSettings = Pick<EnvironmentReadings, 'prefix' | 'replicasAck'>;

/** What the user of REDIS_URL may do. */
export function checkAcl(acl: Reading<AclReadings>, { prefix, replicasAck }: AclSettings): Finding[] {
  if ('refused' in acl) {
    return [note('acl', { what: `The permissions of the Redis user cannot be read: ${acl.refused}.` })];
  }
  const { user = 'default', denied } = acl.value;
  const needed = replicasAck === 0 ? NEEDED_COMMANDS : [...NEEDED_COMMANDS, ...ACK_COMMANDS];
  const lacking = needed.filter((command) => denied.has(command));
  const optional = Object.entries(OPTIONAL_COMMANDS).filter(([command]) => denied.has(command));
  return [
    lacking.length === 0
      ? ok('acl', `The Redis user ${user} may run every command that Millrace needs.`)
      : fault('acl', lackingAdvice(user, lacking, denied, prefix)),
    ...optional.map(([command, missing]) =>
      note('acl-optional', {
        what: `The Redis user ${user} may not run ${spoken(command)}.`,
        why: missing,
        todo: `To allow it: redis-cli ACL SETUSER ${user} +${command}`,
      }),
    ),
  ];
}

const spoken = (command: string): string => command.toUpperCase().replace('|', ' ');

function lackingAdvice(
  user: string,
  lacking: readonly string[],
  denied: ReadonlyMap<string, string>,
  prefix: string,
) {
  const replies = lacking.map((command) => denied.get(command) ?? '');
  const noKeys = replies.every((reply) => /\bkeys?\b/.test(reply) && reply.startsWith('NOPERM'));
  const unknown = replies.filter((reply) => /unknown/i.test(reply));
  const names = lacking.map(spoken);
  const shown =
    names.length > 8 ? `${names.slice(0, 8).join(', ')} and ${names.length - 8} more` : names.join(', ');
  if (noKeys) {
    return {
      what: `The Redis user ${user} may not use the keys of Millrace, ${prefix}:*.`,
      why: 'Every request and every job fails with it.',
      todo: `Run: redis-cli ACL SETUSER ${user} ~${prefix}:*`,
    };
  }
  return {
    what: `The Redis user ${user} may not run ${shown}.`,
    why: 'Requests and jobs that need them fail.',
    todo:
      unknown.length === replies.length
        ? 'The server does not have these commands: upgrade it, or undo its rename-command.'
        : `Run: redis-cli ACL SETUSER ${user} ${lacking.map((command) => `+${command}`).join(' ')}`,
  };
}
