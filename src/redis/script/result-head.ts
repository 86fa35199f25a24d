/** Expressions of Lua, each a text or a number. */
interface HeadParts {
  /** Lease that finished the job, '' when none did. */
  lease: string;
  attempts: string;
  status: string;
  /** End, Unix ms; a text is cheaper, since Lua takes a microsecond to print a number. */
  finishedAt: string;
  /** Lines of JSON, or nil. */
  errors: string;
  /** What stands between attempts and status: a token that is another number. */
  token?: string;
  /** Start of the last attempt, Unix ms. */
  startedAt?: string;
}

/**
 * Lua: the head of a result record (`ResultRecord`, w to e), without the closing brace. It is text, since a function call
 * per job is measurable.
 */
export const resultHead = (of: HeadParts): string =>
  [
    `'{"w":"' .. ${of.lease} .. '","a":' .. ${of.attempts}`,
    ...(of.token === undefined ? [] : [of.token]),
    `',"s":"' .. ${of.status} .. '"${of.startedAt === undefined ? '' : `,"b":' .. ${of.startedAt} .. '`},"f":' .. ${of.finishedAt}`,
    `(${of.errors} and ',"e":[' .. string.gsub(${of.errors}, '\\n', ',') .. ']' or '')`,
  ].join(' .. ');

/** Lua: what the patterns below need of the record under a result key, '' without one: a record may have megabytes. */
export const readHead = (key: string): string => `redis.call('GETRANGE', ${key}, 0, 511)`;

/** Lua pattern: lease, attempts and the rest of a record. */
export const RECORD_OWNER = '^{"w":"([^"]*)","a":(%d+)(.*)';
/** Lua pattern: the token at the start of that rest, where it is another number than the attempts. */
export const RECORD_TOKEN = '^,"k":(%d+)';
/** Lua pattern: lease and status of a record. */
export const RECORD_STATUS = '^{"w":"([^"]*)","a":%d+[,"k:%d]*,"s":"(%a+)"';
/** Lua pattern: status and end of the record of a job that a worker has ended. */
export const RECORD_END = '^{"w":"[^"]*","a":%d+[,"k:%d]*,"s":"(%a+)","b":%d+,"f":(%d+)';
