import { randomBytes } from 'node:crypto';
import type { BatchOutcome } from '../../../client/millrace.ts';
import { systemClock } from '../../../clock.ts';
import type { Options } from '../../description.ts';
import { EXIT } from '../../exits.ts';
import type { Io } from '../../io.ts';
import { inertLines } from '../../output/inert.ts';
import { createProgress } from '../../output/progress.ts';
import { shellWord } from '../../output/shell-word.ts';
import { problemText } from '../problems.ts';
import type { RemoteInvocation } from '../remote-command.ts';
import { openLines, type Piece, piecesOf } from './pieces.ts';

export interface LinesRequest {
  /** A path, or `-`. */
  readonly file: string;
  readonly fromLine: number;
  /** Names the run in the Idempotency-Keys of its pieces. Default: a new name. */
  readonly run: string | undefined;
  /** The JSON of a job out of a line. */
  readonly jobOf: (line: string) => string;
  /** How the command line begins, for the words that say how to go on. */
  readonly words: readonly string[];
}

interface Tally {
  nextLine: number;
  stored: number;
  refused: number;
}

const MOST_SHOWN = 20;
const STORED = [200, 202];

/** Submits the lines of a file in pieces. A piece that is sent again stores nothing twice. */
export async function submitLines(
  { io, api, printer, stop, onHurry }: RemoteInvocation<Options>,
  { file, fromLine, run = randomBytes(6).toString('hex'), jobOf, words }: LinesRequest,
): Promise<number> {
  const { input, totalBytes } = await openLines(file, io);
  const progress = createProgress(io.err, systemClock, 'jobs');
  const tally: Tally = { nextLine: fromLine, stored: 0, refused: 0 };
  const tellRest = async () => {
    await progress.clear();
    await io.err.write(`${goOnText(tally, words, run)}\n`);
  };
  onHurry(tellRest);
  let isDone = false;
  try {
    for await (const piece of piecesOf(input, fromLine, stop)) {
      if (stop.aborted) break;
      const items = await sendPiece(api, piece, run, jobOf);
      const outcomes = items.map((item) => ({ ...item, line: piece.numbers[item.index] ?? 0 }));
      tally.nextLine = piece.nextLine;
      tally.stored += items.filter(({ status }) => STORED.includes(status)).length;
      if (printer.isJson) for (const { index, ...outcome } of outcomes) await printer.line(outcome, () => '');
      await tellRefused(outcomes, tally, io);
      const sent = tally.stored + tally.refused;
      await progress.show(sent, totalBytes && estimateOf(piece, sent, totalBytes));
    }
    isDone = !stop.aborted;
  } finally {
    await (isDone ? progress.clear() : tellRest());
  }
  await io.err.write(`${tally.stored} jobs stored, ${tally.refused} refused.\n`);
  return isDone ? (tally.refused > 0 ? EXIT.refused : EXIT.done) : EXIT.interrupted;
}

/** How many jobs the rest of the file has in all, as the lines so far are long. */
const estimateOf = ({ readBytes, skippedBytes }: Piece, sent: number, totalBytes: number): number =>
  Math.round((sent * (totalBytes - skippedBytes)) / (readBytes - skippedBytes));

async function sendPiece(
  api: RemoteInvocation<Options>['api'],
  { numbers, lines }: Piece,
  run: string,
  jobOf: (line: string) => string,
): Promise<readonly BatchOutcome[]> {
  const { body } = await api.send<{ items: readonly BatchOutcome[] }>({
    method: 'POST',
    path: '/jobs/batch',
    headers: { 'content-type': 'application/x-ndjson', 'idempotency-key': `cli-${run}-${numbers[0] ?? 0}` },
    text: lines.map(jobOf).join('\n'),
    isRepeatable: true,
    isWhole: true,
  });
  return body.items;
}

type Outcome = BatchOutcome & { readonly line: number };

async function tellRefused(outcomes: readonly Outcome[], tally: Tally, { err }: Io): Promise<void> {
  for (const { problem, line } of outcomes) {
    if (problem === undefined) continue;
    tally.refused += 1;
    if (tally.refused > MOST_SHOWN) continue;
    const more = tally.refused === MOST_SHOWN ? ' (further ones are only counted)' : '';
    await err.write(`line ${line}: ${inertLines(problemText(problem))}${more}\n`);
  }
}

const goOnText = ({ nextLine }: Tally, words: readonly string[], run: string): string => {
  const all = [...words, '--from-line', String(nextLine), '--run', run];
  return `Stopped before line ${nextLine}. Go on with: millrace ${all.map(shellWord).join(' ')}`;
};
