import { CLIENT_SETTINGS } from '../src/config/client.ts';
import { SETTINGS } from '../src/config/settings.ts';
import { PROBLEMS } from '../src/http/problems/problems.ts';
import { METRICS } from '../src/telemetry/metrics/catalog.ts';
import { apiPage } from './api-page.ts';
import { configurationPage } from './configuration-page.ts';
import { describeApi } from './describe.ts';
import { metricsPage } from './metrics-page.ts';
import { problemsPage } from './problems-page.ts';

/** The generated pages of `docs`, by file name. Needs no Redis. */
export async function docsPages(): Promise<Record<string, string>> {
  return {
    'reference/api.md': apiPage(JSON.parse(await describeApi()), PROBLEMS),
    'reference/configuration.md': configurationPage([
      ...Object.values(SETTINGS),
      ...Object.values(CLIENT_SETTINGS),
    ]),
    'reference/problems.md': problemsPage(),
    'reference/metrics.md': metricsPage(Object.values(METRICS)),
  };
}
