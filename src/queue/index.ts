/** The faces of the core: submit jobs, look into queues and wait, run jobs in workers and over HTTP, read events durably. */
export { Consumer } from './consume.ts';
export type { Core } from './core.ts';
export { checkHealth, type Health } from './health.ts';
export { Inspector } from './inspect.ts';
export { Leases } from './leases.ts';
export { Polls } from './polls.ts';
export { type Accepted, type BatchOutcome, type Candidate, type Submitted, Submitter } from './submit.ts';
export { Subscriptions } from './subscriptions.ts';
export { type Asker, revisionOf, Waiter } from './wait.ts';
