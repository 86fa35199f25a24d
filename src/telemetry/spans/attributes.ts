import type { Attributes } from '@opentelemetry/api';

/**
 * Attributes of the spans: those of OpenTelemetry's semantic conventions for messaging spans, and those that only
 * Millrace has.
 */
export const QUEUE = 'messaging.destination.name';
export const JOB_ID = 'messaging.message.id';
export const JOB_COUNT = 'messaging.batch.message_count';
export const LEASE = 'messaging.client.id';
export const ERROR_TYPE = 'error.type';
export const TASK = 'millrace.task';
export const ATTEMPT = 'millrace.attempt';
export const OUTCOME = 'millrace.outcome';
export const JOB_STATUS = 'millrace.job.status';

const SYSTEM = 'messaging.system';
const OPERATION = 'messaging.operation.name';
const OPERATION_TYPE = 'messaging.operation.type';

export const SUBMIT_ATTRIBUTES: Attributes = {
  [SYSTEM]: 'millrace',
  [OPERATION]: 'submit',
  [OPERATION_TYPE]: 'send',
};

export const RUN_ATTRIBUTES: Attributes = {
  [SYSTEM]: 'millrace',
  [OPERATION]: 'run',
  [OPERATION_TYPE]: 'process',
};
