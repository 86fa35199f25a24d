import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { SubmitOutcome, SubmitResult } from '../../jobs/submit/outcomes.ts';
import { parseJobId } from '../../redis/job-id.ts';
import type { StoredJobs } from '../../telemetry/spans/submit-spans.ts';

/** Stores the jobs of a request as `app.submitBulk` does, in the trace of the request. Throws the same errors. */
export async function submitBulk(
  app: FastifyInstance,
  request: FastifyRequest,
  options: Omit<Parameters<FastifyInstance['submitBulk']>[1], 'trace'>,
): Promise<SubmitResult<SubmitOutcome[]>> {
  const submit = app.beginSubmit(request);
  try {
    const result = await app.submitBulk(request.body, { ...options, trace: submit?.trace });
    submit?.stored(() => describe(result.value));
    return result;
  } catch (error) {
    submit?.failed(error);
    throw error;
  }
}

function describe(outcomes: readonly SubmitOutcome[]): StoredJobs {
  const ids = outcomes.flatMap((outcome) => (outcome.ok ? [outcome.id] : []));
  const queues = new Set(ids.map((id) => parseJobId(id)?.queue));
  return { jobs: ids.length, queue: queues.size === 1 ? [...queues][0] : undefined };
}
