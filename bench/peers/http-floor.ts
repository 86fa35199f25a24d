// Checks the body and answers: the most that a Fastify route can do. Nothing is stored.
import { serveRoute } from './http-route.ts';

let last = 0;

await serveRoute(() => {
  last += 1;
  return String(last);
});
