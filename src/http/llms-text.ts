import { HOME_LINKS } from '../schemas/home.ts';

const INTRO = `# Millrace

> A job service over HTTP. \`POST /jobs\` with \`{"task":"fib","payload":{"n":100}}\` submits a job and answers with its id; \`?wait=30\` waits
> for the result. Workers of any language take jobs by \`POST /leases\`. A job runs at least once.

Bodies are JSON. A request may need a key: \`Authorization: Bearer <key>\`. An error is a problem document (RFC 9457): its \`code\` says what is wrong, \`detail\` what
to do, and its \`type\` is the address of a page that explains it. Addresses are relative to this one.

## Service
`;

const PROBLEM =
  '[problems/queue-full](problems/queue-full): What a code of an error means, here `queue-full`';

/** `/llms.txt`, by the convention of llmstxt.org: what a program should read first that is to use this service. */
export const LLMS_TEXT = `${[
  INTRO,
  ...Object.values(HOME_LINKS).map(({ href, about }) => `- [${href}](${href}): ${about}`),
  `- ${PROBLEM}`,
].join('\n')}
`;
