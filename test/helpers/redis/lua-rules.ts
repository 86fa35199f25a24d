import * as luaparse from 'luaparse';
import type { LuaPart } from '../../../src/redis/script/bind-names.ts';
import type { Script } from '../../../src/redis/script/define-script.ts';
import type { LuaHelper } from '../../../src/redis/script/lua.ts';
import { queueKeyName, specName } from '../../../src/redis/script/names.ts';
import { type LuaNames, readNames } from './lua-names.ts';

/** What Redis 7 gives a script, of which we use these. */
const GIVEN = new Set(
  'KEYS ARGV redis cjson string table math tonumber tostring type unpack select ipairs pairs pcall error'.split(
    ' ',
  ),
);
const MOST_LINES = 60;

/** Names that a part takes from keys and arguments. */
const boundNames = ({ queueKeys = [], keys = [], args = [] }: LuaPart): string[] =>
  [...queueKeys.map(queueKeyName), ...[...keys, ...args].map(specName)].map(({ name }) => name);

/** Every helper of the parts, with those that helpers use. */
function allHelpers(helpers: readonly LuaHelper[]): LuaHelper[] {
  return [...new Set(helpers.flatMap((helper) => [...allHelpers(helper.uses ?? []), helper]))];
}

const readLua = (lua: string): LuaNames =>
  readNames(luaparse.parse(lua, { luaVersion: '5.1', locations: true, encodingMode: 'x-user-defined' }));

/** What is wrong with a script's Lua, one sentence each. */
export function faultsOf(script: Script): string[] {
  const helpers = allHelpers(script.parts.flatMap(({ uses = [] }) => uses));
  const bound = new Set(script.parts.flatMap(boundNames));
  return [
    ...faultsAsSent(script.lua),
    ...script.parts.flatMap((part) => faultsOfPart(part, bound, helpers)),
    ...helpers.flatMap((helper) => faultsOfHelper(helper, helpers)),
  ];
}

function faultsAsSent(lua: string): string[] {
  const { globals, unused, functions } = readLua(lua);
  return [
    ...[...globals].filter((name) => !GIVEN.has(name)).map((name) => `${name} is an unknown global`),
    ...unused.map((name) => `the local ${name} is not used`),
    ...functions
      .filter(({ lines }) => lines > MOST_LINES)
      .map(({ name, lines }) => `the function ${name} has ${lines} lines`),
  ];
}

function faultsOfPart(part: LuaPart, bound: ReadonlySet<string>, helpers: readonly LuaHelper[]): string[] {
  const { globals, declared, assigned, numbered } = readLua(part.lua);
  const uses = part.uses ?? [];
  return [
    ...numbered.map((text) => `${text} is a number for a name`),
    ...boundNames(part)
      .filter((name) => !globals.has(name))
      .map((name) => `the name ${name} is not used`),
    ...[...declared, ...assigned]
      .filter((name) => bound.has(name))
      .map((name) => `${name} is a key or an argument: it cannot be declared or assigned`),
    ...uses.filter(({ name }) => !globals.has(name)).map(({ name }) => `the helper ${name} is not used`),
    ...helpers
      .filter((helper) => globals.has(helper.name) && !uses.includes(helper))
      .map(({ name }) => `the helper ${name} is not listed where it is used`),
  ];
}

function faultsOfHelper({ name, uses = [], lua }: LuaHelper, helpers: readonly LuaHelper[]): string[] {
  const { globals, declared } = readLua(lua);
  return [
    ...(declared.includes(name) ? [] : [`the helper ${name} does not declare its name`]),
    ...uses
      .filter((used) => !globals.has(used.name))
      .map((used) => `the helper ${used.name} is not used by ${name}`),
    ...helpers
      .filter((used) => globals.has(used.name) && !uses.includes(used))
      .map((used) => `the helper ${used.name} is not listed by ${name}`),
  ];
}
