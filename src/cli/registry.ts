import type { Command } from './command.ts';
import { GROUPS, WITH_VALUE } from './words.ts';

/** A command by its words. Its file is loaded when it is needed, so that each command starts quickly. */
export interface Entry {
  readonly name: string;
  readonly load: () => Promise<Command>;
}

/** In the order of the help. */
export const COMMANDS: readonly Entry[] = [
  { name: 'dev', load: async () => (await import('./commands/service/dev.ts')).dev },
  { name: 'api', load: async () => (await import('./commands/service/api.ts')).api },
  { name: 'worker', load: async () => (await import('./commands/service/worker.ts')).worker },
  { name: 'submit', load: async () => (await import('./commands/jobs/submit.ts')).submit },
  { name: 'get', load: async () => (await import('./commands/jobs/get.ts')).get },
  { name: 'jobs', load: async () => (await import('./commands/jobs/jobs.ts')).jobs },
  { name: 'cancel', load: async () => (await import('./commands/jobs/cancel.ts')).cancel },
  { name: 'retry', load: async () => (await import('./commands/jobs/retry.ts')).retry },
  { name: 'tail', load: async () => (await import('./commands/queues/tail.ts')).tail },
  { name: 'queues', load: async () => (await import('./commands/queues/queues.ts')).queues },
  { name: 'stats', load: async () => (await import('./commands/queues/stats.ts')).stats },
  { name: 'pause', load: async () => (await import('./commands/queues/pause.ts')).pause },
  { name: 'resume', load: async () => (await import('./commands/queues/resume.ts')).resume },
  { name: 'set', load: async () => (await import('./commands/queues/set.ts')).set },
  { name: 'dead list', load: async () => (await import('./commands/dead/list.ts')).deadList },
  { name: 'dead retry', load: async () => (await import('./commands/dead/retry.ts')).deadRetry },
  { name: 'dead purge', load: async () => (await import('./commands/dead/purge.ts')).deadPurge },
  { name: 'schedules list', load: async () => (await import('./commands/schedules/list.ts')).schedulesList },
  { name: 'schedules get', load: async () => (await import('./commands/schedules/one.ts')).schedulesGet },
  { name: 'schedules put', load: async () => (await import('./commands/schedules/put.ts')).schedulesPut },
  {
    name: 'schedules delete',
    load: async () => (await import('./commands/schedules/delete.ts')).schedulesDelete,
  },
  { name: 'schedules pause', load: async () => (await import('./commands/schedules/one.ts')).schedulesPause },
  {
    name: 'schedules resume',
    load: async () => (await import('./commands/schedules/one.ts')).schedulesResume,
  },
  { name: 'schedules run', load: async () => (await import('./commands/schedules/run.ts')).schedulesRun },
  {
    name: 'schedules preview',
    load: async () => (await import('./commands/schedules/preview.ts')).schedulesPreview,
  },
  { name: 'keys list', load: async () => (await import('./commands/keys/list.ts')).keysList },
  { name: 'keys create', load: async () => (await import('./commands/keys/create.ts')).keysCreate },
  { name: 'keys delete', load: async () => (await import('./commands/keys/delete.ts')).keysDelete },
  { name: 'workers list', load: async () => (await import('./commands/workers/list.ts')).workersList },
  { name: 'workers drain', load: async () => (await import('./commands/workers/drain.ts')).workersDrain },
  { name: 'audit', load: async () => (await import('./commands/audit.ts')).audit },
  { name: 'bench', load: async () => (await import('./commands/bench.ts')).bench },
  { name: 'completion', load: async () => (await import('./commands/completion.ts')).completionOf(loadAll) },
  { name: 'doctor', load: async () => (await import('./commands/service/doctor.ts')).doctor },
];

/** All commands, in the order of the help. */
export const loadAll = (): Promise<Command[]> => Promise.all(COMMANDS.map(({ load }) => load()));

/** The words after which a command begins, options of all commands left aside. */
export interface Found {
  readonly entry: Entry | undefined;
  /** The words of the command as they were given, as far as they look like one. */
  readonly name: string;
  /** All other words, in their order. */
  readonly rest: readonly string[];
}

/** Finds the command in the words of a command line. */
export function findCommand(words: readonly string[]): Found {
  const start = firstWord(words);
  const name = words[start];
  if (name === undefined) return { entry: undefined, name: '', rest: words };
  const second = words[start + 1];
  const isPair = Object.hasOwn(GROUPS, name) && second !== undefined && !second.startsWith('-');
  const full = isPair ? `${name} ${second}` : name;
  return {
    entry: COMMANDS.find((entry) => entry.name === full),
    name: full,
    rest: [...words.slice(0, start), ...words.slice(start + (isPair ? 2 : 1))],
  };
}

function firstWord(words: readonly string[]): number {
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] ?? '';
    if (!word.startsWith('-')) return i;
    if (WITH_VALUE.includes(word)) i += 1;
  }
  return words.length;
}
