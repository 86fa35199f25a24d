import type { Connection } from '../connection.ts';
import type { QueueKeys } from '../keys.ts';
import { bindParts, type LuaPart, type QueueCount } from './bind-names.ts';
import { listValues } from './names.ts';

export type ScriptArg = string | number;

/** A Lua script that connections run by EVALSHA. */
export interface Script {
  /** Name of the command. */
  readonly name: string;
  /** The text as it is sent. */
  readonly lua: string;
  /** Its callers batch their calls themselves: automatic pipelining would only hold them up. */
  readonly isBatched: boolean;
  /** Number of keys, without a list or queues of any number. */
  readonly keyCount: number;
  /** What the text was made of. */
  readonly parts: readonly LuaPart[];
}

/** A script and its caller, which passes keys and arguments by name. */
export interface BoundScript<Keys, Args> extends Script {
  run(redis: Connection, keys: Keys, args: Args): Promise<unknown>;
}

interface ScriptSpec extends LuaPart {
  readonly name: string;
  /** Lua that other scripts have, too; it stands before the script's own. */
  readonly fragments?: readonly LuaPart[];
  /** What happens while Redis has no memory left: by default the script runs, since only finished jobs free memory. */
  readonly whenFull?: 'runs' | 'refused';
  /** It writes nothing, so Redis runs it also while it takes no writes: without memory, or with too few replicas. */
  readonly onlyReads?: boolean;
  readonly isBatched?: boolean;
  /** `many`: the script is for any number of queues, and says by `useQueue(index)` whose keys it names. */
  readonly queues?: QueueCount;
}

type PartOf<S> = S | (S extends { fragments: readonly (infer F)[] } ? F : never);
type KeySpecOf<P> = P extends { keys: readonly (infer K)[] } ? K : never;
type ArgSpecOf<P> = P extends { args: readonly (infer A)[] } ? A : never;
type ListNameOf<T> = T extends { list: infer N extends string } ? N : never;
type RecordsOf<T> = {
  readonly [R in T as R extends { records: infer N extends string } ? N : never]: readonly Readonly<
    Record<R extends { of: readonly (infer F extends string)[] } ? F : never, ScriptArg>
  >[];
};

type OwnKeysOf<P> = { readonly [N in Extract<KeySpecOf<P>, string>]: string } & {
  readonly [N in ListNameOf<KeySpecOf<P>>]: readonly string[];
};
/** `queue`, where a part takes keys of a queue. */
type QueueOf<P> = {
  readonly [N in P extends { queueKeys: readonly unknown[] } ? 'queue' : never]: QueueKeys;
};
type KeysOf<S> = OwnKeysOf<PartOf<S>> &
  (S extends { queues: 'many' } ? { readonly queues: readonly QueueKeys[] } : QueueOf<PartOf<S>>);

type ArgsOf<S> = { readonly [N in Extract<ArgSpecOf<PartOf<S>>, string>]: ScriptArg } & {
  readonly [N in ListNameOf<ArgSpecOf<PartOf<S>>>]: readonly ScriptArg[];
} & RecordsOf<ArgSpecOf<PartOf<S>>>;

type Runner = (keyCount: number, ...parts: readonly (readonly ScriptArg[])[]) => Promise<unknown>;

/** A piece of Lua for `fragments`, with the types of the names that it needs. */
export const defineFragment = <const P extends LuaPart>(part: P): P => part;

/** First line of a script, by which Redis knows when it may run. Source: https://redis.io/docs/latest/develop/programmability/lua-api/#script_flags */
function flagsOf({ whenFull, onlyReads }: ScriptSpec): string {
  if (onlyReads === true) return '#!lua flags=no-writes\n';
  return whenFull === 'refused' ? '' : '#!lua flags=allow-oom\n';
}

/**
 * A script for the list in `src/scripts.ts`, which every connection knows from its start. ioredis sends EVALSHA and,
 * after NOSCRIPT, EVAL. In the Lua, keys and arguments have the names of the lists; see `bindParts`.
 */
export function defineScript<const S extends ScriptSpec>(spec: S): BoundScript<KeysOf<S>, ArgsOf<S>> {
  const parts: readonly LuaPart[] = [...(spec.fragments ?? []), spec];
  const bound = bindParts(parts, spec.queues);
  const name = `millrace:${spec.name}`;
  const known = new WeakMap<QueueKeys, readonly string[]>();
  const queueKeysOf = (queue: QueueKeys): readonly string[] => {
    const found = known.get(queue) ?? listValues<string>(bound.queueKeys, queue);
    known.set(queue, found);
    return found;
  };
  return {
    name,
    isBatched: spec.isBatched ?? false,
    lua: flagsOf(spec) + bound.lua,
    keyCount: [...bound.queueKeys, ...bound.keys].reduce(
      (sum, { kind, width }) => sum + (kind === 'tail' ? 0 : width),
      0,
    ),
    parts,
    run(redis, keys: { readonly queue?: QueueKeys; readonly queues?: readonly QueueKeys[] }, args) {
      const runner: unknown = Reflect.get(redis, name);
      const own = listValues<string>(bound.keys, keys);
      const values = listValues<ScriptArg>(bound.args, args as object);
      if (keys.queues !== undefined) {
        const ofQueues = keys.queues.flatMap(queueKeysOf);
        return (runner as Runner).call(redis, own.length + ofQueues.length, own, ofQueues, values);
      }
      const ofQueue = keys.queue === undefined ? [] : queueKeysOf(keys.queue);
      return (runner as Runner).call(redis, ofQueue.length + own.length, ofQueue, own, values);
    },
  };
}
