import closeWithGrace from 'close-with-grace';
import { buildApp } from './app.ts';
import { systemClock } from './clock.ts';
import { ConfigError, loadConfig, misspeltSettings } from './config.ts';
import { listen } from './http/network/listen.ts';
import { describeMisspelt } from './misspelt-settings.ts';
import { createObserver } from './observer.ts';
import { createLogger } from './telemetry/log.ts';
import { logObserver } from './telemetry/log-observer.ts';
import { requestLog } from './telemetry/request-log.ts';
import { AttemptSpans } from './telemetry/spans/attempt-spans.ts';
import { EndedAttempts } from './telemetry/spans/ended-attempts.ts';
import { startTracing } from './telemetry/spans/tracing.ts';

/** Ends the process if the configuration is not valid. */
async function orExit<T>(make: () => T | Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

const config = await orExit(() => loadConfig(undefined, 'api'));
const logger = createLogger(config.logLevel, 'millrace-api');
const isLogged = config.logRequests === 'on';
const log = logObserver(logger, isLogged ? ['http-request'] : []);
const tracing = await orExit(() => startTracing(config, 'millrace-api', createObserver(log)));
const ended = tracing && new EndedAttempts(new AttemptSpans(tracing.tracer), systemClock.wall);
const observe = createObserver(
  log,
  ...(isLogged ? [requestLog(logger)] : []),
  ...(ended === undefined ? [] : [ended.overHttp, ended.lost]),
);
for (const misspelt of misspeltSettings()) {
  observe({ kind: 'misspelt-setting', text: describeMisspelt(misspelt) });
}
const app = await orExit(() => buildApp(config, observe, tracing?.tracer));

// Stop order: report not ready, answer waiters, answer open requests, close the Redis connections, send the last spans.
closeWithGrace({ delay: config.shutdownGraceMs, logger }, async ({ err, signal }) => {
  if (err) observe({ kind: 'defect', where: 'api', error: err });
  observe({ kind: 'stopping', why: err ? 'defect' : (signal ?? 'close') });
  await app.close();
  await tracing?.stop();
  observe({ kind: 'stopped' });
});

try {
  await app.openMetricsPort();
  const address = await listen(app, config.host, config.port);
  observe({ kind: 'ready', service: 'api', address });
} catch (error) {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'EADDRINUSE' && code !== 'EACCES' && code !== 'EADDRNOTAVAIL') throw error;
  console.error(
    `Cannot listen on ${config.host}:${config.port} (${code}). Set HOST and PORT to a free address.`,
  );
  process.exit(1);
}
