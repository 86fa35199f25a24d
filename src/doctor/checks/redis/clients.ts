import { numberOf } from '../../../redis/server/info.ts';
import { type Finding, note, ok, warning } from '../../finding.ts';
import { type Reading, valueIn } from '../../readings/reading.ts';

type Texts = ReadonlyMap<string, string>;

const NEARLY_ALL = 0.8;

/** Connections, and when Redis ends them. */
export const checkClients = (info: Texts, config: Reading<Texts>): Finding[] => [
  ...checkLimit(info),
  ...checkRejected(info),
  ...checkTimeouts(valueIn(config) ?? new Map()),
];

function checkLimit(info: Texts): Finding[] {
  const open = numberOf(info, 'connected_clients');
  const most = numberOf(info, 'maxclients');
  if (open === undefined || most === undefined) return [];
  const what = `Redis has ${open} connections of at most ${most}.`;
  if (open < most * NEARLY_ALL) return [ok('clients', what)];
  return [
    warning('clients', {
      what,
      why: 'Redis refuses further connections. An API has three, a worker two for each process and three more.',
      todo: `Run: redis-cli CONFIG SET maxclients ${most * 2}. redis-cli CLIENT LIST shows whose they are.`,
    }),
  ];
}

function checkRejected(info: Texts): Finding[] {
  const rejected = numberOf(info, 'rejected_connections') ?? 0;
  if (rejected === 0) return [];
  return [
    note('rejected-clients', {
      what: `Redis has refused ${rejected} connections since it started, because of maxclients.`,
      why: 'Processes of Millrace try again by themselves, and answered 503 until then.',
      todo: 'Raise maxclients. redis-cli CONFIG RESETSTAT clears the count.',
    }),
  ];
}

function checkTimeouts(config: Texts): Finding[] {
  const findings: Finding[] = [];
  const timeout = numberOf(config, 'timeout') ?? 0;
  if (timeout > 0) {
    findings.push(
      note('timeout', {
        what: `Redis closes connections that are idle for ${timeout} s.`,
        why: 'A request at that moment can fail with 503.',
        todo: 'Run: redis-cli CONFIG SET timeout 0. tcp-keepalive finds dead clients.',
      }),
    );
  }
  if (config.get('tcp-keepalive') === '0') {
    findings.push(
      note('keepalive', {
        what: 'Redis does not look for dead connections (tcp-keepalive 0).',
        why: 'Connections of machines that are gone stay, until maxclients is reached.',
        todo: 'Run: redis-cli CONFIG SET tcp-keepalive 60.',
      }),
    );
  }
  return findings;
}
