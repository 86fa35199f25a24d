import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { ACK_COMMANDS, NEEDED_COMMANDS, OPTIONAL_COMMANDS } from '../../../src/redis/acl/needed-commands.ts';
import { scripts } from '../../../src/scripts.ts';
import { CODE_FILES, readCode } from '../../helpers/code-files.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();

/** Commands whose second word matters. */
const CONTAINERS = ['acl', 'client', 'config', 'memory', 'script', 'xgroup', 'xinfo'];

const nameOf = (command: string, second: string | undefined): string =>
  CONTAINERS.includes(command) && second !== undefined ? `${command}|${second.toLowerCase()}` : command;

/** What ioredis sends by itself: scripts, transactions, and the names of connections. */
const OF_THE_CLIENT = ['eval', 'evalsha', 'exec', 'client|setname'];

const inLua = (): string[] =>
  scripts.flatMap(({ lua }) =>
    [...lua.matchAll(/redis\.p?call\(\s*'(\w+)'(?:,\s*'(\w+)')?/g)].map(([, command = '', second]) =>
      nameOf(command.toLowerCase(), second),
    ),
  );

/** Something that commands are called on: a connection, or a chain of commands. */
const CONNECTION =
  /(^|[.#])(redis|acked|commands|blocking|connection|client|transaction|pipeline|multi\(\))$/i;

/** Calls of methods that are named like commands of Redis, on what is named like a connection. */
function inTypeScript(file: string, known: ReadonlySet<string>): string[] {
  const source = ts.createSourceFile(file, readCode(file), ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const isConnection = (node: ts.Expression): boolean =>
    ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)
      ? isConnection(node.expression.expression)
      : CONNECTION.test(node.getText());
  const visit = (node: ts.Node): void => {
    ts.forEachChild(node, visit);
    if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return;
    const command = node.expression.name.text;
    if (!known.has(command) || !isConnection(node.expression.expression)) return;
    const [first] = node.arguments;
    found.push(nameOf(command, first !== undefined && ts.isStringLiteral(first) ? first.text : undefined));
  };
  visit(source);
  return found;
}

/** The doctor asks for more, and does without it. */
const SERVICE_FILES = CODE_FILES.filter((file) => !/^src\/(local|doctor)\//.test(file));

describe('the commands that the service needs', () => {
  it('are those that its scripts and its code send', async () => {
    const known = new Set((await redis.client.command('LIST')) as string[]);
    const sent = new Set([
      ...inLua(),
      ...SERVICE_FILES.flatMap((file) => inTypeScript(file, known)),
      ...OF_THE_CLIENT,
    ]);
    const listed = [...NEEDED_COMMANDS, ...ACK_COMMANDS, ...Object.keys(OPTIONAL_COMMANDS)];
    expect([...sent].sort()).toEqual(listed.sort());
  });

  it('are names that an ACL rule takes', async () => {
    const rules = NEEDED_COMMANDS.map((name) => `+${name}`);
    expect(await redis.client.acl('SETUSER', 'service', ...rules)).toBe('OK');
  });
});
