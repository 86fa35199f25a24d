import type { AuditedCall } from '../../schemas/audit/audit.ts';
import { pagesOf, printPages } from '../remote/pages.ts';
import { defineRemoteCommand } from '../remote/remote-command.ts';

const DEFAULT_LIMIT = 100;

/** `millrace audit`. */
export const audit = defineRemoteCommand({
  name: 'audit',
  summary: 'List what was managed and what was refused, the newest first',
  arguments: [],
  options: {
    from: { kind: 'text', value: 'TIME', meaning: 'only at this time or later (RFC 3339)' },
    to: { kind: 'text', value: 'TIME', meaning: 'only at this time or earlier' },
    limit: {
      kind: 'integer',
      short: 'n',
      value: 'N',
      min: 1,
      max: 1_000_000,
      meaning: `the most calls (default ${DEFAULT_LIMIT})`,
    },
  },
  examples: ['millrace audit --from 2030-01-31T00:00:00Z'],
  run: async ({ options: { limit = DEFAULT_LIMIT, ...query }, io, api, printer }) => {
    const print = printer.list<AuditedCall>([
      { title: 'TIME', of: ({ time }) => time },
      { title: 'KEY', of: ({ key }) => key },
      { title: 'ADDRESS', of: ({ address }) => address },
      { title: 'CALL', of: ({ method, route }) => `${method} ${route ?? ''}`.trim() },
      { title: 'TARGET', of: ({ target }) => target },
      { title: 'STATUS', of: ({ status }) => status, side: 'right' },
    ]);
    await printPages(pagesOf<AuditedCall>(api, { path: '/audit', query, limit, err: io.err }), print);
    return undefined;
  },
});
