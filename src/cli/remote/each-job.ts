import { createInterface } from 'node:readline';
import type { Job } from '../../schemas/job.ts';
import type { Options } from '../description.ts';
import { CliError, EXIT } from '../exits.ts';
import { inert } from '../output/inert.ts';
import { JOB_COLUMNS } from '../output/job-text.ts';
import { pathOf } from './api.ts';
import type { RemoteInvocation } from './remote-command.ts';

/** Does something to each job, and goes on when the API refuses one. Returns the exit code. */
export async function toEachJob(
  { args, io, api, printer }: RemoteInvocation<Options>,
  verb: 'cancel' | 'retry',
): Promise<number> {
  const print = printer.list(JOB_COLUMNS.filter(({ title }) => title !== 'ERROR'));
  let code: number = EXIT.done;
  for await (const id of idsOf(args, io.input)) {
    try {
      const path = verb === 'cancel' ? pathOf`/jobs/${id}/cancel` : pathOf`/jobs/${id}/retry`;
      const { body } = await api.send<Job>({ method: 'POST', path });
      await print([body]);
    } catch (error) {
      if (!(error instanceof CliError && error.exitCode === EXIT.refused)) throw error;
      code = EXIT.refused;
      await io.err.write(`${inert(id)}: ${inert(error.message)}\n`);
    }
  }
  return code;
}

/** The ids as words, or one on each line of standard input for `-`. */
async function* idsOf(words: readonly string[], input: NodeJS.ReadableStream): AsyncGenerator<string> {
  for (const word of words) {
    if (word !== '-') {
      yield word;
      continue;
    }
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (line.trim() !== '') yield line.trim();
    }
  }
}
