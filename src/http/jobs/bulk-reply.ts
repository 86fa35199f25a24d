import type { FastifyReply, FastifyRequest } from 'fastify';
import { Slices } from '../../core/slices.ts';
import type { SubmitOutcome } from '../../jobs/submit/outcomes.ts';
import { problemItem } from '../plugins/errors.ts';

/** Sends the outcomes of a bulk submit. Many of them may share one error: its JSON is made once. */
export async function sendBulk(
  reply: FastifyReply,
  outcomes: readonly SubmitOutcome[],
  request: FastifyRequest,
): Promise<FastifyReply> {
  const problems = new Map<object, string>();
  const items = await new Slices().map(outcomes, (outcome, index) => {
    if (outcome.ok) {
      const { answer } = outcome;
      const stored = `{"index":${index},"status":${answer === undefined ? 202 : 200},"id":${JSON.stringify(outcome.id)}`;
      return answer === undefined ? `${stored}}` : `${stored},"${answer}":true}`;
    }
    const problem =
      problems.get(outcome.error) ?? JSON.stringify(problemItem(outcome.error, request)).slice(1);
    problems.set(outcome.error, problem);
    return `{"index":${index},${problem}`;
  });
  return reply
    .code(207)
    .type('application/json; charset=utf-8')
    .send(`{"items":[${items.join(',')}]}`);
}
