import fastifyPlugin from 'fastify-plugin';
import { AccessKeys } from '../../access/access-keys.ts';
import { Authenticator, adminRecognizer, keyRecognizer } from '../../access/authenticator.ts';
import { KeyUses } from '../../access/key-uses.ts';
import { KeyRates } from '../../access/rates/key-rates.ts';
import { WrongKeys } from '../../access/wrong-keys.ts';
import { type Config, ConfigError } from '../../config.ts';
import { Loop } from '../../maintenance/loop.ts';
import { AccessWatch } from './access-watch.ts';
import { auditPlugin } from './audit.ts';
import { openTokens } from './tokens.ts';

/** Access keys, and who sends a request by its key. A listening API process writes when keys were last used. */
export const keysPlugin = fastifyPlugin<{ config: Config }>(
  async (app, { config }) => {
    const { core } = app;
    const { auth, adminKey } = config;
    const keys = new AccessKeys(core);
    const uses = new KeyUses(core);
    const loop = new Loop('key uses', uses.run, core.observe);
    const isFirstStart = auth === 'keys' && adminKey === '';
    // Without Redis nobody can tell, and nobody gets in.
    if (isFirstStart && core.redis.status === 'ready' && !(await keys.hasAdmin())) throw noAdmin();

    app.decorate('accessKeys', keys);
    app.decorate('keyUses', uses);
    const tokens = await openTokens(config, core.clock, core.observe);
    const authenticator = new Authenticator(core.clock, [
      ...(adminKey === '' ? [] : [adminRecognizer(adminKey)]),
      keyRecognizer(keys),
      ...(tokens === undefined ? [] : [tokens.recognizer]),
    ]);
    app.decorate('authenticator', authenticator);
    app.decorate('keyRates', new KeyRates(core.redis, (id) => core.keySpace.rate(id), core.clock));
    app.decorate('wrongKeys', new WrongKeys(core.clock));
    app.addHook('onClose', () => tokens?.stop());
    await app.register(auditPlugin, { max: config.auditMax });
    if (auth === 'off') return;
    const watch = new AccessWatch(authenticator);
    const watching = new Loop('access', watch.run, core.observe);
    app.decorate('accessWatch', watch);
    app.addHook('onListen', async () => {
      loop.start();
      watching.start();
    });
    app.addHook('onClose', async () => {
      await Promise.all([loop.stop(), watching.stop()]);
    });
  },
  { name: 'keys', dependencies: ['core', 'door'] },
);

const noAdmin = () =>
  new ConfigError([
    'ADMIN_KEY is not set, and AUTH=keys needs it while Redis holds no key with the scope admin: set ADMIN_KEY, for example ADMIN_KEY=$(openssl rand -hex 32)',
  ]);

declare module 'fastify' {
  interface FastifyInstance {
    accessKeys: AccessKeys;
    keyUses: KeyUses;
    authenticator: Authenticator;
    keyRates: KeyRates;
    wrongKeys: WrongKeys;
    /** Absent with AUTH=off. */
    accessWatch?: AccessWatch;
  }
}
