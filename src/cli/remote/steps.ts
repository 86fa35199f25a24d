import { systemClock } from '../../clock.ts';
import type { QueueSummary } from '../../schemas/queue.ts';
import { countText } from '../count-text.ts';
import type { Options } from '../description.ts';
import { EXIT } from '../exits.ts';
import { createProgress } from '../output/progress.ts';
import { shellWord } from '../output/shell-word.ts';
import { wordsOf } from '../parse.ts';
import { type Call, pathOf } from './api.ts';
import type { RemoteInvocation } from './remote-command.ts';

/** The options of commands that go through the failed jobs of a queue. */
export const SELECTION = {
  task: { kind: 'text', value: 'TASK', meaning: 'only of this task' },
  tag: {
    kind: 'list',
    short: 't',
    value: 'TAG',
    meaning: 'only with this tag; may be repeated, for all of them',
  },
  error: {
    kind: 'text',
    value: 'TEXT',
    meaning: 'only if "name: message" of the last error contains this text',
  },
  cursor: { kind: 'text', value: 'CURSOR', meaning: 'goes on where an interrupted command stopped' },
} as const satisfies Options;

export const DEAD_QUEUE = {
  name: 'QUEUE',
  meaning: 'the queue (default: "default")',
  optional: true,
} as const;

export const deadQueueOf = (args: readonly string[]): string => args[0] ?? 'default';

interface Steps {
  readonly command: 'dead retry' | 'dead purge';
  /** What is said of the jobs after it, such as `removed`. */
  readonly done: string;
  readonly callOf: (selection: Record<string, unknown>) => Call;
}

interface Step {
  readonly count: number;
  readonly nextCursor?: string;
}

/** Jobs that one request goes through: at most some 100 ms of work. */
const STEP = 1_000;

/** Goes through the failed jobs of a queue, step by step. Says where to go on when it is interrupted. */
export async function inSteps(
  { args, options, io, api, printer, commonWords, stop, onHurry }: RemoteInvocation<typeof SELECTION>,
  { command, done, callOf }: Steps,
): Promise<number> {
  const queue = deadQueueOf(args);
  const { cursor: start, ...filter } = options;
  const selection = { ...filter, tag: filter.tag.length === 0 ? undefined : filter.tag };
  const { body } = await api.send<QueueSummary>({ method: 'GET', path: pathOf`/queues/${queue}` });
  const progress = createProgress(io.err, systemClock, 'jobs');
  let count = 0;
  let cursor = start;
  let isDone = false;
  const tellRest = async () => {
    await progress.clear();
    const words = [queue, ...wordsOf(SELECTION, { ...filter, cursor }), ...commonWords];
    const goOn = `millrace ${command} ${words.map(shellWord).join(' ')}`;
    await io.err.write(`Stopped after ${countText(count, 'job')}. Go on with: ${goOn}\n`);
  };
  onHurry(tellRest);
  try {
    while (!isDone && !stop.aborted) {
      const call = callOf({ ...selection, limit: STEP, cursor });
      const { body: step } = await api.send<Step>({ ...call, isRepeatable: true, isWhole: true });
      count += step.count;
      cursor = step.nextCursor ?? cursor;
      isDone = step.nextCursor === undefined;
      await progress.show(count, body.counts.failed);
    }
  } finally {
    await (isDone ? progress.clear() : tellRest());
  }
  const rest = isDone ? {} : { nextCursor: cursor };
  await printer.line(
    { queue, count, ...rest },
    () => `${countText(count, 'failed job')} of ${queue} ${done}.`,
  );
  return isDone ? EXIT.done : EXIT.interrupted;
}
