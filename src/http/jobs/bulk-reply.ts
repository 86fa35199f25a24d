import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AppError } from '../../errors.ts';
import type { SubmitOutcome } from '../../jobs/submit/outcomes.ts';
import { sendItems } from '../items-reply.ts';
import { problemItem } from '../plugins/errors.ts';

/** Sends the outcomes of a bulk submit. Many of them may share one error: its JSON is made once. */
export function sendBulk(
  reply: FastifyReply,
  outcomes: readonly SubmitOutcome[],
  request: FastifyRequest,
): Promise<FastifyReply> {
  const problems = new Map<AppError, string>();
  return sendItems(reply, outcomes, (outcome, index) => {
    if (outcome.ok) {
      const { id, answer } = outcome;
      if (answer === undefined) return `{"index":${index},"status":202,"id":${JSON.stringify(id)}}`;
      return `{"index":${index},"status":200,"id":${JSON.stringify(id)},"${answer}":true}`;
    }
    const problem =
      problems.get(outcome.error) ?? JSON.stringify(problemItem(outcome.error, request)).slice(1);
    problems.set(outcome.error, problem);
    return `{"index":${index},${problem}`;
  });
}
