import { type Finding, fault, note, ok, warning } from '../../finding.ts';
import type { ApiContact, ApiReadings } from '../../readings/readings.ts';

/** Whether the API answers, and is ready. Its reasons speak of Redis where that is the cause. */
export function checkApi(contact: ApiContact): Finding[] {
  if ('fault' in contact) return [unreachable(contact)];
  const { readiness } = contact.api;
  const where = `The API at ${contact.url}`;
  const warnings = (readiness.warnings ?? []).map((text) =>
    warning('api-warning', {
      what: text,
      why: 'GET /readyz of the API says so.',
      todo: 'Follow what the sentence says, then restart the process that it names.',
    }),
  );
  if (readiness.ready) return [ok('api', `${where} is ready.`), ...warnings, ...checkRights(contact.api)];
  return [
    fault('api', {
      what: `${where} is not ready: ${readiness.reasons.join(' ')}`,
      why: 'It answers requests with 503.',
      todo: 'Resolve the findings about Redis first. If there are none, check REDIS_URL and the network of the API.',
    }),
    ...warnings,
  ];
}

function unreachable({ url, fault: reason }: { url: string; fault: string }): Finding {
  return fault('api', {
    what: `The API at ${url} does not answer: ${reason}.`,
    why: 'Nobody can submit or read jobs there.',
    todo: /certificate|self.signed/i.test(reason)
      ? 'Name the file of the CA in NODE_EXTRA_CA_CERTS.'
      : 'Start it: npm start, npx millrace dev or npx millrace api; in a build node dist/src/server.js. If it runs elsewhere, set MILLRACE_URL to its address.',
  });
}

/** Without a key, or with one of too few scopes, the doctor sees no queues. */
function checkRights({ queues, workers, schedules }: ApiReadings): Finding[] {
  const refused = [queues, workers, schedules].flatMap((reading) =>
    'refused' in reading ? [reading.refused] : [],
  );
  const [first] = refused;
  if (first === undefined) return [];
  return [
    note('api-rights', {
      what: `The doctor could not look at the queues: ${first}.`,
      why: 'Backlogs, workers, schedules and subscriptions were not checked.',
      todo: /\b40[13]\b/.test(first)
        ? 'Set MILLRACE_KEY to a key with the scope read.'
        : 'Run the doctor again. If it stays so, look at the log of the API.',
    }),
  ];
}
