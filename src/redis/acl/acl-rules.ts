import { ACK_COMMANDS, NEEDED_COMMANDS, OPTIONAL_COMMANDS } from './needed-commands.ts';

/**
 * What Redis's ACL must let API and workers do, as rules of ACL SETUSER and of an ACL file: the commands that they send, on
 * keys of `prefix`. See https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/
 *
 * @param hasAck whether the service has REPLICAS_ACK.
 */
export function aclRules(prefix: string, hasAck = false): string {
  const optional = Object.keys(OPTIONAL_COMMANDS);
  const commands = [...NEEDED_COMMANDS, ...optional, ...(hasAck ? ACK_COMMANDS : [])].sort();
  return ['resetchannels', `~${prefix}:*`, '-@all', ...commands.map((command) => `+${command}`)].join(' ');
}
