import type { ErrorCode } from '../../errors.ts';

/** What a code means and what to do, in a few sentences: the text of its page. */
export const PROBLEM_HELP: Readonly<Record<ErrorCode, string>> = {
  'broken-json':
    'The body cannot be read as JSON. Often a quote or a comma is missing, or a shell has taken the quotes away. `detail` names the place.',
  'invalid-request':
    'The request does not have the form that the API asks for. `errors` points to each wrong member. Mend them and send the request again; nothing was stored.',
  'invalid-batch':
    'At least one job of the batch is not valid, so none was stored. `errors` points to the jobs. Mend them and send the whole batch again.',
  unauthorized:
    'The service asks for keys, and the request has none that is valid. Send `Authorization: Bearer KEY`. A key may have expired, or somebody revoked it.',
  forbidden:
    'The key is valid, but may not do this here. `detail` names the scope that is needed. Ask the person who manages the keys for one with that scope.',
  'cross-site':
    'A browser sent the request from a page of another site, which the service refuses. Name the origin of that page in `CORS_ORIGINS` if it may call the service.',
  'route-not-found':
    'The service has nothing at this path. Compare it with the list at `/docs`, also the path prefix of a proxy before the service.',
  'job-not-found':
    'No job has this id, or the key may not see it. The id may be cut off or of another service. A job that somebody removed is not found either.',
  'job-gone':
    'Nothing is kept of the job. A result is kept for `RESULT_TTL_MS`, or the `resultTtl` of the job: fetch it sooner, or raise that. Somebody may have removed the job, or the id is mistyped.',
  'queue-not-found':
    'Nobody has used a queue of this name. A queue is made by its first job, its first worker or its first setting. Check the spelling.',
  'lease-not-found':
    'The lease has never been, or its jobs have gone to other workers since it ran out. Take jobs again with `POST /leases`.',
  'task-not-found': 'No worker has announced this task in the queue, so there is nothing to remove.',
  'worker-not-found':
    'No worker of this name has reported lately. A worker that has stopped is forgotten after a while.',
  'key-not-found': 'No access key has this id. It may be revoked already.',
  'schedule-not-found': 'No schedule has this id, or the key may not see it. `GET /schedules` lists them.',
  'subscription-not-found':
    'The queue has no subscription of this name. Make it with `PUT`; it begins where you say.',
  'method-not-allowed':
    'The path exists, but not for this method. The header `Allow` names the methods that it has.',
  'not-acceptable':
    'The service cannot answer in a format that `Accept` allows. Name one of those in `detail`, or leave `Accept` out.',
  'batch-not-atomic':
    'The jobs of the batch are kept on several Redis servers, so the service cannot store them in one step. Send a batch for each queue, or leave `atomic` and the `Idempotency-Key` out.',
  'queue-not-empty':
    'The queue has jobs or schedules, so it was not removed. Remove them first, or do what `detail` says.',
  'not-unique':
    'Another job has the place that this one asked for with `unique`. `jobId` names it. Wait until it has ended, or let `unique.onConflict` say what shall happen then.',
  'job-finished': 'The job has ended, so it can no longer be changed or cancelled. Read its result instead.',
  'job-started':
    'The job runs or has run, so it can no longer be changed. Cancel it, and submit another one.',
  'job-not-finished':
    'Only a job that has ended can be removed or run again. Wait for its end, or cancel it first.',
  'job-not-failed': 'Only a failed job can be retried. To run a completed one again, use `rerun`.',
  'payload-not-kept':
    'The service no longer has the payload of the job, so it cannot run it again. Submit such jobs with `keepPayload`, or send the payload with the request.',
  'stale-lease':
    'The worker no longer holds the job: its lease ran out, or the job was cancelled. Stop the work; another worker does it, or nobody has to. Send heartbeats in time.',
  'schedule-busy': 'Another request changes the schedule at this moment. Send the request again.',
  'schedule-taken':
    'The id belongs to another schedule. Choose another id, or remove the other schedule first.',
  'too-many-keys': 'The service keeps a limited number of access keys. Revoke those that nobody uses.',
  'too-many-subscriptions':
    'The queue keeps a limited number of subscriptions. Remove those that nobody reads.',
  'too-many-tasks': 'The queue keeps a limited number of tasks. Forget those that no worker has any more.',
  'precondition-failed':
    'The job has changed since you read it: `If-Match` names another revision. Read it again, and decide what to change.',
  'payload-too-large':
    'The body, or one of its payloads, is longer than allowed. Keep large data elsewhere and send its address, or raise `MAX_PAYLOAD_BYTES`.',
  'unsupported-media-type':
    'The service does not read this kind of body. Send JSON in UTF-8 with `Content-Type: application/json`; a batch may also be `application/x-ndjson`.',
  'misdirected-request':
    'The request names a host that the service does not answer for. Name the host in `ALLOWED_HOSTS`, or use the address of the service.',
  'unknown-task':
    'No worker of the queue has announced this task. `knownTasks` lists the tasks of the workers that run, and is empty when no worker runs. Check the spelling, or start a worker that has the task.',
  'invalid-payload':
    'The payload does not match the input schema that the workers announced for the task. `errors` points to what is wrong.',
  'invalid-result':
    'The result does not match the output schema of the task. The job was not completed. Mend the worker or the schema.',
  'idempotency-mismatch':
    'The `Idempotency-Key` was used for a request that was different. Use a new key for each new request, and the same one only to repeat it.',
  'queue-full':
    'The queue has as many jobs as `maxJobs` allows. Wait until workers have done some, add workers, or raise the limit.',
  'key-full':
    'The jobs with this `key` are as many as the limits of the queue allow. Wait until some of them have ended, or raise `perKey.maxJobs`.',
  'rate-limited':
    'The key sends more requests than its rate allows. Wait for `Retry-After` seconds, and send fewer.',
  'too-many-waits':
    'This client has as many waiting requests and streams open as it may have. Close some, or poll instead of waiting.',
  'internal-error':
    'The service has a defect. Its log has the cause beside the `requestId`. What you sent may or may not be stored: repeat it with the same `Idempotency-Key`.',
  'redis-unavailable':
    'Redis does not answer, or takes no writes. Send the request again after `Retry-After` seconds, a submit with the same `Idempotency-Key`. Operators find the cause at `GET /readyz`.',
  'not-replicated':
    'The job may be stored, but too few replicas of Redis have confirmed it in time (`REPLICAS_ACK`). Send the request again with the same `Idempotency-Key`.',
  'keys-unavailable':
    'The service cannot fetch the keys that verify tokens from `JWKS_URL`. Send the request again; operators check that address.',
  'checks-busy':
    'So many payloads are being checked against schemas that this one would wait too long. Send the request again after `Retry-After` seconds.',
  'too-many-waiters':
    'As many clients wait for results as the service lets wait at a time. Send the request again, or poll without waiting.',
  'too-many-connections':
    'The address has as many connections as it may have. Reuse connections (keep-alive), or raise the limit that `detail` names.',
};
