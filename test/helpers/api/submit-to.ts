import type { Job } from '../../../src/schemas/job.ts';

/** Submits and reads jobs over HTTP, at the address that `url` says when it is asked. */
export function submitTo(url: () => string) {
  const send = async (path: string, init: RequestInit = {}): Promise<Job> => {
    const response = await fetch(url() + path, init);
    const text = await response.text();
    if (!response.ok) throw new Error(`${path} was answered with ${response.status}: ${text}`);
    return JSON.parse(text);
  };
  return {
    /** @param waitS seconds to wait for its end. */
    submit: (job: object, waitS = 0) =>
      send(`/jobs${waitS > 0 ? `?wait=${waitS}` : ''}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(job),
      }),
    get: ({ id }: { id: string }) => send(`/jobs/${encodeURIComponent(id)}`),
    cancel: ({ id }: { id: string }) => send(`/jobs/${encodeURIComponent(id)}/cancel`, { method: 'POST' }),
  };
}
