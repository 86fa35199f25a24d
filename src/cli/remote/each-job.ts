import type { Readable } from 'node:stream';
import { systemClock } from '../../clock.ts';
import type { Job } from '../../schemas/job.ts';
import type { Options } from '../description.ts';
import { CliError, EXIT } from '../exits.ts';
import { inertLines } from '../output/inert.ts';
import { JOB_COLUMNS } from '../output/job-text.ts';
import { createProgress } from '../output/progress.ts';
import { type Api, pathOf } from './api.ts';
import { linesOf } from './lines/lines.ts';
import type { RemoteInvocation } from './remote-command.ts';

type Verb = 'cancel' | 'retry';

/** Requests under way at a time. */
const AT_ONCE = 16;
const DONE: Readonly<Record<Verb, string>> = { cancel: 'cancelled', retry: 'queued again' };

/**
 * Does something to each job, several at a time, and goes on when the API refuses one. Prints them as they are done. Returns the exit code.
 */
export async function toEachJob(
  { args, io, api, printer, stop, onHurry }: RemoteInvocation<Options>,
  verb: Verb,
): Promise<number> {
  const print = printer.list(JOB_COLUMNS.filter(({ title }) => title !== 'ERROR'));
  const progress = createProgress(io.err, systemClock, 'jobs');
  const ids = idsOf(args, io.input, stop);
  const total = args.includes('-') ? undefined : args.length;
  const tally = { done: 0, refused: 0 };
  const tellRest = async () => {
    await progress.clear();
    if (total === 1) return;
    await io.err.write(
      `Stopped after ${tally.done + tally.refused} jobs; ${tally.done} are ${DONE[verb]}. Run the command again to go on.\n`,
    );
  };
  onHurry(tellRest);
  const faults: unknown[] = [];
  const lane = async (): Promise<void> => {
    while (!stop.aborted && faults.length === 0) {
      const { value: id } = await ids.next();
      if (id === undefined) return;
      try {
        const job = await change(api, verb, id);
        tally.done += 1;
        await print([job]);
      } catch (error) {
        if (!(error instanceof CliError && error.exitCode === EXIT.refused)) throw error;
        tally.refused += 1;
        await io.err.write(`${inertLines(`${id}: ${error.message}`)}\n`);
      }
      await progress.show(tally.done + tally.refused, total);
    }
  };
  // The others end after what they have sent.
  await Promise.all(Array.from({ length: AT_ONCE }, () => lane().catch((error) => faults.push(error))));
  await (faults.length > 0 || stop.aborted ? tellRest() : progress.clear());
  if (faults.length > 0) throw faults[0];
  return tally.refused > 0 ? EXIT.refused : EXIT.done;
}

/** A cancel that finds the job cancelled is done: an earlier run of the command, or a try whose answer got lost, did it. */
async function change(api: Api, verb: Verb, id: string): Promise<Job> {
  if (verb === 'retry') return (await send(api, pathOf`/jobs/${id}/retry`)).body;
  try {
    return (await send(api, pathOf`/jobs/${id}/cancel`)).body;
  } catch (error) {
    if (!(error instanceof CliError && error.code === 'job-finished')) throw error;
    const { body } = await api.send<Job>({ method: 'GET', path: pathOf`/jobs/${id}`, isWhole: true });
    if (body.status !== 'cancelled') throw error;
    return body;
  }
}

const send = (api: Api, path: string) => api.send<Job>({ method: 'POST', path, isWhole: true });

/** The ids as words, or one on each line of standard input for `-`. */
async function* idsOf(
  words: readonly string[],
  input: Readable,
  stop: AbortSignal,
): AsyncGenerator<string, undefined> {
  for (const word of words) {
    if (word !== '-') {
      yield word;
      continue;
    }
    for await (const line of linesOf(input, stop)) {
      if (line.trim() !== '') yield line.trim();
    }
  }
  return undefined;
}
