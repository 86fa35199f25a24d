import { AppError } from '../../../src/errors.ts';
import type { Job } from '../../../src/schemas/job.ts';
import { JsonText } from '../../../src/schemas/json/json-text.ts';
import type { ModelJob } from './model.ts';

/** For the refusal of a call. Throws other errors on. */
export const refusal = (error: unknown): AppError => {
  if (error instanceof AppError) return error;
  throw error;
};

/** What is compared of a job. */
export const shown = (job: Job | AppError) =>
  job instanceof AppError || ['completed', 'cancelled', 'expired'].includes(job.status)
    ? 'gone'
    : {
        id: job.id,
        status: job.status === 'running' || job.status === 'failed' ? job.status : 'waiting',
        heldBy: job.heldBy,
        payload: Number(JsonText.of(job.payload).text),
      };

export const expectedView = ({ id, status, isHeld, payload }: ModelJob) =>
  status === 'gone'
    ? 'gone'
    : { id, status, heldBy: isHeld && status === 'waiting' ? 'unique' : undefined, payload };
