/**
 * CROSSSLOT comes from a node of a Cluster that REDIS_URL calls a single server, as MOVED does. NOSCRIPT: a Redis that was started
 * again refused the call that brought the script, for lack of memory or replicas, and so does not know it at the next one.
 */
const SERVER_UNAVAILABLE =
  /^(LOADING|READONLY|OOM|MISCONF|BUSY|CLUSTERDOWN|MOVED|ASK|CROSSSLOT|MASTERDOWN|TRYAGAIN|NOREPLICAS|NOSCRIPT|NOAUTH|WRONGPASS|NOPERM|UNKILLABLE)\b/;
const CONNECTION_LOST =
  /Stream isn't writeable|Connection is closed|Command aborted due to connection close|Socket timeout|connect ETIMEDOUT|None of startup nodes|Cluster isn't ready|Too many Cluster redirections|Failed to refresh slots cache/;
const SOCKET_CODE = /^(ECONN|EPIPE|ENOENT|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)/;

/** Whether the error means that Redis cannot serve now. Any other error is a defect of the service. */
export function isUnavailable(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  // EXECABORT does not name the cause: the errors of the queued commands do. A lost connection lists itself.
  if ('previousErrors' in error && Array.isArray(error.previousErrors)) {
    if (error.previousErrors.some((previous) => previous !== error && isUnavailable(previous))) return true;
  }
  if (error.name === 'MaxRetriesPerRequestError' || error.name === 'AbortError') return true;
  if (error.name === 'ReplyError') return SERVER_UNAVAILABLE.test(error.message.replace(/^ERR /, ''));
  const code = 'code' in error ? String(error.code) : '';
  return SOCKET_CODE.test(code) || CONNECTION_LOST.test(error.message);
}

/** Whether the error means that Redis refuses writes, and answers look-ups: too few replicas, or a disk that is full. */
export const takesNoWrites = (error: unknown): boolean =>
  error instanceof Error && /^(NOREPLICAS|MISCONF)\b/.test(error.message.replace(/^ERR /, ''));

/** Whether the error means that a stream or its consumer group does not exist (yet, or any more). */
export const isNoGroup = (error: unknown): boolean =>
  error instanceof Error && (error.message.includes('NOGROUP') || error.message.startsWith('UNBLOCKED'));

/** Whether the error means that no node of a Cluster has run the command, or that a blocked one was ended because its key has gone. */
export const isRedirected = (error: unknown): boolean =>
  error instanceof Error && /^(MOVED|ASK|TRYAGAIN|CLUSTERDOWN|UNBLOCKED)\b/.test(error.message);

/** Whether the error of XINFO means that the key does not exist. */
export const isNoKey = (error: unknown): boolean =>
  error instanceof Error && error.message.includes('no such key');

/** Whether the error means that Redis does not let this user run the command, or does not have it. */
export const isRefused = (error: unknown): boolean =>
  error instanceof Error && /^(NOPERM|ERR unknown (command|subcommand))/.test(error.message);

/** What an error says. Node leaves it to the parts where a host has several addresses, as localhost often has. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join(', ');
  return error instanceof Error ? error.message : String(error);
}
