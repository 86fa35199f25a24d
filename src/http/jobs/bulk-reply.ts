import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Slices } from '../../core/slices.ts';
import type { AppError } from '../../errors.ts';
import type { SubmitOutcome } from '../../jobs/submit/outcomes.ts';
import { MAX_BULK_JOBS } from '../../schemas/http.ts';
import { problemItem } from '../plugins/errors.ts';

/** Items of one part of a long answer. */
const PART_ITEMS = 500;

/** Sends the outcomes of a bulk submit. Many outcomes go out in parts, since all at once would hold up other requests. */
export async function sendBulk(
  reply: FastifyReply,
  outcomes: readonly SubmitOutcome[],
  request: FastifyRequest,
): Promise<FastifyReply> {
  const print = itemPrinter(request);
  reply.code(207).type('application/json; charset=utf-8');
  if (outcomes.length > MAX_BULK_JOBS) return reply.send(Readable.from(parts(outcomes, print)));
  const items = await new Slices().map(outcomes, print);
  return reply.send(`{"items":[${items.join(',')}]}`);
}

type PrintItem = (outcome: SubmitOutcome, index: number) => string;

/** Many outcomes may share one error: its JSON is made once. */
function itemPrinter(request: FastifyRequest): PrintItem {
  const problems = new Map<AppError, string>();
  return (outcome, index) => {
    if (outcome.ok) {
      const { id, answer } = outcome;
      if (answer === undefined) return `{"index":${index},"status":202,"id":${JSON.stringify(id)}}`;
      return `{"index":${index},"status":200,"id":${JSON.stringify(id)},"${answer}":true}`;
    }
    const problem =
      problems.get(outcome.error) ?? JSON.stringify(problemItem(outcome.error, request)).slice(1);
    problems.set(outcome.error, problem);
    return `{"index":${index},${problem}`;
  };
}

/** The JSON of the answer. Other requests get their turn after each part. */
async function* parts(outcomes: readonly SubmitOutcome[], print: PrintItem): AsyncGenerator<Buffer> {
  const slices = new Slices();
  for (let start = 0; start < outcomes.length; start += PART_ITEMS) {
    const items = outcomes.slice(start, start + PART_ITEMS).map((outcome, i) => print(outcome, start + i));
    yield Buffer.from(`${start === 0 ? '{"items":[' : ','}${items.join(',')}`);
    if (slices.isOver) await slices.next();
  }
  yield Buffer.from(']}');
}
