/** Name of the task of every submitted job. */
export const TASK = 'noop';

/** 100 bytes of JSON. */
export const PAYLOAD = 'x'.repeat(98);

/** A job as it is sent to `POST /jobs`. */
export const JOB = { task: TASK, payload: PAYLOAD } as const;
