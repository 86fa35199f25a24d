/** A request that no further attempt can mend: the job fails at once. */
export class RequestRefused extends Error {
  override readonly name = 'RequestRefused';
  readonly retryable = false;
}
