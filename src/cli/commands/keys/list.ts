import type { KeyView } from '../../../schemas/keys/key.ts';
import { pagesOf, printPages } from '../../remote/pages.ts';
import { defineRemoteCommand } from '../../remote/remote-command.ts';

/** `millrace keys list`. */
export const keysList = defineRemoteCommand({
  name: 'keys list',
  summary: 'List the keys of clients, without their secrets',
  arguments: [],
  options: {},
  examples: ['millrace keys list'],
  run: async ({ io, api, printer }) => {
    const print = printer.list<KeyView>([
      { title: 'ID', of: ({ id }) => id },
      { title: 'NAME', of: ({ name }) => name },
      { title: 'SCOPES', of: ({ scopes }) => scopes.join(' ') },
      { title: 'EXPIRES', of: ({ expiresAt }) => expiresAt },
      { title: 'LAST USED', of: ({ lastUsedAt }) => lastUsedAt },
    ]);
    await printPages(pagesOf<KeyView>(api, { path: '/keys', err: io.err }), print);
    return undefined;
  },
});
