import { describe, expect, it } from 'vitest';
import { useApi } from '../helpers/api/server.ts';
import { useTerminal } from '../helpers/cli/terminal.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);
const terminal = useTerminal(api);
const { type, write } = terminal;
const screen = () => terminal.screen();

describe('on a terminal', () => {
  it('get --watch redraws, and hostile texts stay inert', async () => {
    const payload = '\u001b[2J\u001b[31mred\u0007\u202e';
    const { id } = await api.submit({ task: 'echo', queue: 'nobody', payload, delay: '1h' });
    await type(['get', id, '--watch']);
    await expect.poll(screen).toMatch(/^status +scheduled/m);
    expect(await screen()).toContain('\\u001b[2J\\u001b[31mred\\u0007\\u202e');
    await api.http.post(`/jobs/${id}/cancel`);
    await expect.poll(screen).toContain('exit=1');
    const shown = await screen();
    expect(shown.match(/^status/gm)).toHaveLength(1);
    expect(shown).toMatch(/^status +cancelled/m);
  });

  it('NO_COLOR is heeded, and colours are there without it', async () => {
    await type(['queues']);
    await expect.poll(screen).toContain('exit=0');
    expect(await terminal.screen(true)).toMatch(/\[1m *QUEUE/);
    await write('NO_COLOR=1; export NO_COLOR; ');
    await type(['queues']);
    await expect.poll(screen).toContain('exit=0');
    expect(await terminal.screen(true)).not.toMatch(/\[1m *QUEUE/);
  });
});
