import { describe, expect, it } from 'vitest';
import { PROBLEM_HELP } from '../../../src/http/problems/help.ts';
import { PROBLEM_PAGE_POLICY } from '../../../src/http/problems/problem-page.ts';
import { PROBLEMS } from '../../../src/http/problems/problems.ts';
import { useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const api = useApi(useRedis());
const codes = Object.keys(PROBLEMS) as (keyof typeof PROBLEMS)[];
const page = (code: string) => api.http.get(`/problems/${code}`).set('accept', 'text/html');

describe('the type of a problem', () => {
  it('is the address of its page', async () => {
    const problem = await api.http.post('/jobs').send({});
    const { body } = await api.http.get(problem.body.type).expect(200);
    expect(body).toEqual({
      code: 'invalid-request',
      ...PROBLEMS['invalid-request'],
      help: PROBLEM_HELP['invalid-request'],
    });
  });

  it.each(codes)('explains %s to programs and to people', async (code) => {
    expect((await api.http.get(`/problems/${code}`).expect(200)).body).toMatchObject({ code });
    const { text, headers } = await page(code).expect(200);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(headers['content-security-policy']).toBe(PROBLEM_PAGE_POLICY);
    expect(text).toContain(`<h1>${PROBLEMS[code].title}</h1>`);
    expect(text).not.toContain('`');
  });

  it('that nobody has is not found', async () => {
    for (const code of ['no-such-code', '__proto__', 'constructor', '%3Cscript%3E']) {
      expect((await page(code).expect(404)).body.code).toBe('route-not-found');
    }
  });
});
