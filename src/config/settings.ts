import { ACCESS_SETTINGS, type AccessSettings, mustSayAuth } from './access.ts';
import { API_SETTINGS, type ApiSettings } from './api.ts';
import { NETWORK_SETTINGS, type NetworkSettings } from './network.ts';
import { PEER_SETTINGS, type PeerSettings } from './peers.ts';
import { mustReachRedis, REDIS_SETTINGS, type RedisSettings } from './redis.ts';
import type { Check, SettingsOf } from './setting-kinds.ts';
import { STORE_SETTINGS, type StoreSettings } from './store.ts';
import { TELEMETRY_SETTINGS, type TelemetrySettings } from './telemetry.ts';
import { mustBeUsable, TLS_SETTINGS, type TlsSettings } from './tls.ts';
import { TOKEN_CHECKS, TOKEN_SETTINGS, type TokenSettings } from './tokens.ts';
import { WORKER_SETTINGS, type WorkerSettings } from './worker.ts';

/** All settings of one process; times in milliseconds, sizes in bytes. SETTINGS says what each one means. */
export interface Config
  extends RedisSettings,
    StoreSettings,
    ApiSettings,
    NetworkSettings,
    AccessSettings,
    TokenSettings,
    TlsSettings,
    PeerSettings,
    WorkerSettings,
    TelemetrySettings {}

/** In the order of docs/reference/configuration.md. */
export const SETTINGS: SettingsOf<Config> = {
  ...REDIS_SETTINGS,
  ...STORE_SETTINGS,
  ...NETWORK_SETTINGS,
  ...TLS_SETTINGS,
  ...PEER_SETTINGS,
  ...ACCESS_SETTINGS,
  ...TOKEN_SETTINGS,
  ...API_SETTINGS,
  ...WORKER_SETTINGS,
  ...TELEMETRY_SETTINGS,
};

/** What must hold for several settings together. */
export const CHECKS: readonly Check<Config>[] = [mustReachRedis, mustSayAuth, mustBeUsable, ...TOKEN_CHECKS];
