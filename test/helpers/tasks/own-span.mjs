// Makes a span of its own, then fails until the attempt of its payload; returns its trace.
import { trace } from '@opentelemetry/api';

export default async ({ until }, ctx) => {
  await trace.getTracer('own').startActiveSpan('own', async (span) => {
    await new Promise((resolve) => setTimeout(resolve, 2));
    span.end();
  });
  if (ctx.job.attempt < until) throw new TypeError(`not before attempt ${until}`);
  return ctx.trace ?? null;
};
