/** A request that would fail in every attempt: the job fails at once. */
export class RequestRefused extends Error {
  override readonly name = 'RequestRefused';
  readonly retryable = false;
}
