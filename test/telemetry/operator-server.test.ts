import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonAnswer, OperatorServer } from '../../src/telemetry/operator-server.ts';

const server = new OperatorServer({
  '/livez': async () => jsonAnswer(200, { alive: true }),
  '/broken': async () => {
    throw new Error('secret');
  },
});
let origin: string;

beforeAll(async () => {
  await server.listen({ host: '127.0.0.1', port: 0 });
  origin = `http://127.0.0.1:${server.port}`;
});
afterAll(() => server.close());

const get = async (path: string, init?: RequestInit) => {
  const answer = await fetch(origin + path, init);
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
};

describe('the server of operators', () => {
  it('answers GET and HEAD of its pages', async () => {
    const { status, headers, text } = await get('/livez?a=1');
    expect([status, text, headers.get('content-type')]).toEqual([
      200,
      '{"alive":true}',
      'application/json; charset=utf-8',
    ]);
    expect(await get('/livez', { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
  });

  it('answers other paths with 404, other methods with 405, and a page that fails with 500', async () => {
    expect(await get('/')).toMatchObject({ status: 404, text: 'There is only /livez, /broken.\n' });
    const posted = await get('/livez', { method: 'POST', body: 'x' });
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    const broken = await get('/broken');
    expect(broken.status).toBe(500);
    expect(broken.text).not.toContain('secret');
  });

  it('rejects an address that is taken', async () => {
    await expect(new OperatorServer({}).listen({ host: '127.0.0.1', port: server.port })).rejects.toThrow(
      'EADDRINUSE',
    );
  });

  it('closes connections that are open', async () => {
    const closing = new OperatorServer({ '/slow': () => new Promise(() => undefined) });
    await closing.listen({ host: '127.0.0.1', port: 0 });
    const answer = fetch(`http://127.0.0.1:${closing.port}/slow`).catch(() => 'cut');
    await fetch(`http://127.0.0.1:${closing.port}/other`);
    await closing.close();
    expect(await answer).toBe('cut');
    await closing.close();
  });
});
