import { createHash } from 'node:crypto';
import { completeAndTakeScript } from '../../../src/lifecycle/scripts/complete-and-take.ts';
import { scripts } from '../../../src/scripts.ts';
import type { CommandFilter } from './proxy.ts';

const sha1 = (text: string): string => createHash('sha1').update(text).digest('hex');
const nameOf = new Map(scripts.flatMap(({ name, lua }) => [sha1(lua), lua].map((text) => [text, name])));

/** Name of the script that a command runs, such as `complete`; of another command its own name. */
export function commandName([command = '', script = '']: readonly string[]): string {
  const name = command.toLowerCase();
  if (name !== 'evalsha' && name !== 'eval') return name;
  return nameOf.get(script)?.replace(/^millrace:/, '') ?? name;
}

/** Whether a command is one of those. */
export const isCommand =
  (...names: readonly string[]): CommandFilter =>
  (args) =>
    names.includes(commandName(args));

const isCompleteAndTake = isCommand('complete-and-take');

/** Whether a command ends jobs with a result: EVALSHA, the script, and the number of its keys. */
export const isFinish: CommandFilter = (args) =>
  isCompleteAndTake(args) && Number(args[2]) > completeAndTakeScript.keyCount;
