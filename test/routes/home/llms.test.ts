import { describe, expect, it } from 'vitest';
import { ADMIN_KEY, WITH_KEYS } from '../../helpers/api/keys.ts';
import { send } from '../../helpers/api/send.ts';
import { useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis, WITH_KEYS);

describe('GET /llms.txt', () => {
  it('needs no key, and links to what is there, also below the path prefix of a proxy', async () => {
    const { status, headers, text } = await send(api.origin, { method: 'GET', path: '/llms.txt' });
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(text).toMatch(/^# Millrace\n\n> /);
    const links = [...text.matchAll(/^- \[.*?\]\((.*?)\): \w/gm)].map(([, href = '']) => href);
    expect(links.length).toBeGreaterThan(5);
    for (const href of links) {
      expect(new URL(href, 'http://proxy/prefix/llms.txt').pathname).toBe(`/prefix/${href}`);
      const answer = await api.http.get(`/${href}`).set('authorization', `Bearer ${ADMIN_KEY}`);
      expect([href, answer.status]).toEqual([href, 200]);
    }
  });
});
